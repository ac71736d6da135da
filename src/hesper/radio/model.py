"""The equations of disk photometry on radio maps."""

import numpy as np

from hesper.record import Array


def beams_on_disk(angular_diameter: Array, beam_major: Array, beam_minor: Array) -> Array:
    """Return N = (π/4) D²/(a b), the disk in units of the rectangle of the beam's axes [rad].

    This, and not the Gaussian beam's solid angle π a b/(4 ln 2), reproduces the errors printed in Table 3
    of Mohan et al. 2017.
    """
    return np.asarray(np.pi / 4 * angular_diameter**2 / (beam_major * beam_minor))


def flux_density_std(
    map_rms: Array, angular_diameter: Array, beam_major: Array, beam_minor: Array, *, factor: float = 1.07
) -> Array:
    """Return the noise of a disk's flux density, `factor` × rms × √N (Mohan et al. 2017, section 4).

    Parameters
    ----------
    map_rms
        Noise per beam, any unit of flux density.
    angular_diameter, beam_major, beam_minor
        [rad].
    factor
        1.07 in the paper, for its 7 % of calibration errors; 1 for noise alone.
    """
    return np.asarray(factor * map_rms * np.sqrt(beams_on_disk(angular_diameter, beam_major, beam_minor)))
