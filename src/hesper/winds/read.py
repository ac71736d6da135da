"""FITS frames of a long-slit spectrograph → exposures, dark and flat of every spectral window."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError, MissingError
from hesper.record import Array
from hesper.units import angstrom, arcsec, day, deg
from hesper.winds import model_spectrum as spectrum
from hesper.winds import read_headers
from hesper.winds.data import Frames, Setup

_File = tuple[Path, Array, dict[str, Any]]
_LONGEST_RUN = day


def frames(folder: Path) -> Frames:
    """Read all FITS frames of a folder that holds one spectral window; see `windows`.

    Raises
    ------
    InputError
        If the folder holds more than one window.
    """
    found = windows(folder)
    if len(found) > 1:
        raise InputError(
            f"{folder}: frames of {len(found)} spectral windows (WINDOW); one is wanted: separate them"
        )
    return found[0]


def windows(folder: Path) -> list[Frames]:
    """Read all FITS frames of a folder, window by window: exposures in order of time, mean dark and flat.

    Parameters
    ----------
    folder
        Holds files *.fits or *.fit; IMAGETYP is LIGHT, DARK or FLAT (LIGHT where it is absent), WINDOW the
        number of the spectral window (1 where it is absent).

    Raises
    ------
    MissingError
        If the folder holds no exposure.
    InputError
        If a header lacks what is needed or is in other units, frames differ in size or setup, or two
        exposures have the same time.
    """
    paths = (
        sorted(p for p in folder.iterdir() if p.suffix.lower() in (".fits", ".fit"))
        if folder.is_dir()
        else []
    )
    sorted_files: dict[int, dict[str, list[_File]]] = {}
    for path in paths:
        image, header = _read(path)
        kinds = sorted_files.setdefault(_window(path, header), {"LIGHT": [], "DARK": [], "FLAT": []})
        kind = str(header.get("IMAGETYP", "LIGHT")).strip().upper()
        if kind not in kinds:
            raise InputError(f"{path}: IMAGETYP = {kind!r}; LIGHT, DARK or FLAT is needed")
        kinds[kind].append((path, image, header))
    if not any(kinds["LIGHT"] for kinds in sorted_files.values()):
        raise MissingError(f"{folder}: no exposure among {len(paths)} FITS files; give a folder of frames")
    return [_one_window(folder, number, sorted_files[number]) for number in sorted(sorted_files)]


def _window(path: Path, header: Mapping[str, Any]) -> int:
    number = header.get("WINDOW", 1)
    if isinstance(number, bool) or not isinstance(number, int) or number < 1:
        raise InputError(f"{path}: WINDOW = {number!r}; a whole number from 1 is needed")
    return number


def _one_window(folder: Path, number: int, kinds: Mapping[str, list[_File]]) -> Frames:
    lights = kinds["LIGHT"]
    if not lights:
        raise MissingError(f"{folder}: no exposure of spectral window {number}; give its frames too")
    for path, image, header in lights:
        _check(path, image, header, lights[0])
    order = np.argsort([_middle(path, header) for path, _, header in lights], kind="stable")
    time = np.array([_middle(lights[i][0], lights[i][2]) for i in order])
    if (np.diff(time) <= 0).any():
        twice = int(np.flatnonzero(np.diff(time) <= 0)[0])
        names = [lights[order[twice + k]][0].name for k in (0, 1)]
        raise InputError(
            f"{folder}: {names[0]} and {names[1]} have the same time; remove one, or mend DATE-OBS"
        )
    if time[-1] - time[0] > _LONGEST_RUN:
        far = int(np.argmax(np.abs(time - np.median(time))))
        days = abs(time[far] - np.median(np.delete(time, far))) / day
        raise InputError(
            f"{lights[order[far]][0]}: DATE-OBS lies {days:.1f} days from the other frames; a run lasts one "
            "at most; mend it, or reduce each day by itself"
        )
    header, shape = lights[0][2], lights[0][1].shape
    return Frames(
        counts=np.stack([lights[i][1] for i in order]).astype(np.float32),
        time=time,
        exposure=np.array([float(lights[i][2]["EXPTIME"]) for i in order]),
        offset=np.array([float(lights[i][2].get("SLITOFF", np.nan)) for i in order]) * arcsec,
        dark=_mean(kinds["DARK"], shape, float(header.get("BIAS", 0.0))),
        dark_frames=_combined(kinds["DARK"]),
        flat=_response(kinds["FLAT"], shape),
        flat_frames=_combined(kinds["FLAT"]),
        setup=_setup(header, number),
    )


def _read(path: Path) -> tuple[Array, dict[str, Any]]:
    from hesper.products import read_fits_image

    image, header = read_fits_image(path)
    if image.ndim != 2:
        raise InputError(
            f"{path}: {image.ndim} dimensions; a frame of rows (slit) and pixels (dispersion) is needed"
        )
    return image, header


def _check(path: Path, image: Array, header: Mapping[str, Any], first: _File) -> None:
    read_headers.check_exposure(path, header)
    if image.shape != first[1].shape:
        raise InputError(
            f"{path}: {image.shape} pixels but {first[1].shape} in {first[0].name}; give one run"
        )
    read_headers.check_same(path, header, first[0], first[2])


def _middle(path: Path, header: Mapping[str, Any]) -> float:
    try:
        start = float(ephemeris.tdb_seconds(str(header["DATE-OBS"]))[0])
    except InputError as error:
        raise InputError(f"{path}: DATE-OBS: {error}") from None
    return start + float(header["EXPTIME"]) / 2


def _mean(files: Sequence[_File], shape: tuple[int, ...], otherwise: float) -> Array:
    if not files:
        return np.full(shape, otherwise)
    for path, image, header in files:
        read_headers.check_combined(path, header)
        if image.shape != shape:
            raise InputError(
                f"{path}: {image.shape} pixels but {shape} in the exposures; give calibrations of this run"
            )
        if not np.isfinite(image).any():
            raise InputError(f"{path}: no pixel is a number; remove the frame or give another")
    weights = [float(header.get("NCOMBINE", 1)) for _, _, header in files]
    return np.asarray(np.average([image.astype(float) for _, image, _ in files], axis=0, weights=weights))


def _response(files: Sequence[_File], shape: tuple[int, ...]) -> Array:
    """Return the mean flat frame relative to its own mean; 1 where there is none."""
    flat = _mean(files, shape, 1.0)
    level = float(np.nanmean(flat))
    if not level > 0:
        raise InputError(f"{files[0][0]}: the flat frames hold no light; remove them or give others")
    return np.asarray(flat / level)


def _combined(files: Sequence[_File]) -> int:
    return int(sum(float(header.get("NCOMBINE", 1)) for _, _, header in files))


def _setup(header: Mapping[str, Any], window: int) -> Setup:
    first = (
        float(header["CRVAL1"]) + (1 - float(header.get("CRPIX1", 1))) * float(header["CDELT1"])
    ) * angstrom
    if str(header["CTYPE1"]).strip() == "WAVE":
        first = float(spectrum.air_wavelength(np.array(first)))
    return Setup(
        slit_width=float(header["SLITWID"]) * arcsec,
        slit_angle=float(header["SLITPA"]) * deg,
        row_height=float(header["CDELT2"]) * arcsec,
        wavelength=first,
        dispersion=float(header["CDELT1"]) * angstrom,
        resolution=float(header.get("SPECFWHM", 0.02)) * angstrom,
        gain=float(header["GAIN"]),
        read_noise=float(header["RDNOISE"]),
        saturation=float(header.get("SATURATE", 65535)),
        observer_x=float(header["OBSGEO-X"]),
        observer_y=float(header["OBSGEO-Y"]),
        observer_z=float(header["OBSGEO-Z"]),
        site=str(header.get("TELESCOP", "unknown")).strip(),
        window=window,
    )
