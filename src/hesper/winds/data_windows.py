"""What each spectral window of a recipe differs in."""

import dataclasses
from typing import NamedTuple, TypeVar

from hesper.errors import InputError
from hesper.winds.data_settings import Instrument, Scene, Windows


class Window(NamedTuple):
    """One spectral window."""

    instrument: Instrument
    scene: Scene


def windows(instrument: Instrument, scene: Scene, further: Windows) -> list[Window]:
    """Return the first window, which `instrument` and `scene` describe, and the further ones.

    Raises
    ------
    InputError
        If the lists of the further windows have different lengths.
    """
    found, count = [Window(instrument, scene)], len(further.wavelength)
    line, wind = _each(further.line, scene.line, count), _each(further.zonal_wind, scene.zonal_wind, count)
    dispersion = _each(further.dispersion, instrument.dispersion, count)
    resolution = _each(further.resolution, instrument.resolution, count)
    for i, wavelength in enumerate(further.wavelength):
        changed = dataclasses.replace(
            instrument, wavelength=wavelength, dispersion=dispersion[i], resolution=resolution[i]
        )
        found.append(Window(changed, dataclasses.replace(scene, line=line[i], zonal_wind=wind[i])))
    return found


_T = TypeVar("_T")


def _each(values: tuple[_T, ...], otherwise: _T, count: int) -> tuple[_T, ...]:
    if values and len(values) != count:
        raise InputError(
            f"winds: {count} further windows but a list of {len(values)} in [windows]: {values}; "
            "give one value for each, or an empty list"
        )
    return values or (otherwise,) * count
