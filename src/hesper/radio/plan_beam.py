"""The synthesised beam of an observation, and how bright a disk appears in it."""

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.geometry.disk import uniform_disk_visibility
from hesper.radio import grid_image, grid_weights, model_array, model_imaging
from hesper.radio.data_image import Beam, Samples
from hesper.record import Array
from hesper.units import arcsec

_CHANNELS = 9
_SIZE = 256


def points(place: model_array.Antennas, view: Viewing, *, frequency: float, bandwidth: float) -> Samples:
    """Return the uv-plane of an observation [wavelengths], all weights 1, one point per time of the view.

    The planet is at the phase centre and w left out, as for an image of the planet alone.
    """
    frame = model_array.field_frame(
        view.time, float(np.median(view.ra)), float(np.median(view.dec)), place.centre
    )
    uvw = model_array.baseline_uvw(frame.axes, place.position, *model_array.pairs(len(place.position)))
    waves = (frequency + bandwidth * ((np.arange(_CHANNELS) + 0.5) / _CHANNELS - 0.5)) / SPEED_OF_LIGHT
    seen = (uvw[:, :, None, :] * waves[:, None]).reshape(-1, 3)
    seen[:, 2] = 0
    return Samples(uvw=seen, value=np.ones(len(seen)), weight=np.ones(len(seen)))


def synthesised(samples: Samples, *, robust: float, field_of_view: float) -> Beam:
    """Return the Gaussian beam of Briggs' weights in an image of the given width [rad]."""
    pixel = 0.45 / float(np.abs(samples.uvw[:, :2]).max())
    weight = grid_weights.briggs(samples, robust=robust, field_of_view=field_of_view)
    plan = model_imaging.prepare(samples.uvw, samples.value, weight, size=_SIZE, pixel=pixel)
    return grid_image.beam(model_imaging.point(plan) / np.float32(np.sum(weight)), pixel)


def robustness(samples: Samples, *, area: float, field_of_view: float) -> float:
    """Return the robustness whose beam has an area a b [rad²], to 0.01.

    Raises
    ------
    InputError
        If no robustness from −2 to 2 has it; the error says between which they are.
    """
    from scipy.optimize import brentq

    def excess(robust: float) -> float:
        found = synthesised(samples, robust=robust, field_of_view=field_of_view)
        return float(np.log(found.major * found.minor / area))

    low, high = excess(-2.0), excess(2.0)
    if low > 0 or high < 0:
        ours = [area * np.exp(x) / arcsec**2 for x in (low, high)]
        raise InputError(
            f"beam: an area of {area / arcsec**2:.1f} square arcsec; weights give {ours[0]:.1f} to "
            f"{ours[1]:.1f}"
        )
    return float(brentq(excess, -2.0, 2.0, xtol=0.01))


def peak(flux_density: float, angular_diameter: float, beam: Beam) -> float:
    """Return the brightness [flux density per beam] of the middle of a disk seen with a Gaussian beam.

    The sum over the uv-plane of the disk's visibility and the beam's transform.
    """
    reach = 3.0 / beam.minor
    side = np.linspace(-reach, reach, 400)
    u, v = np.meshgrid(side, side)
    scale = np.pi**2 / (4 * np.log(2))
    fall: Array = np.exp(-scale * ((u * beam.major) ** 2 + (v * beam.minor) ** 2))
    disk = uniform_disk_visibility(np.pi * angular_diameter * np.hypot(u, v))
    cell = (side[1] - side[0]) ** 2
    return float(flux_density * grid_image.beam_area(beam) * np.sum(fall * disk) * cell)
