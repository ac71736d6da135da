"""What lies between calibrated visibilities and a temperature: tracked data, samples, images, fits.

Flux densities are in jansky, as in `data`. Images are (line, sample): lines run northward, samples westward.
"""

import numpy as np

from hesper.record import Array, array, number, record


@record
class Track:
    """Where a planet was in a field whose phase centre does not move, one row per integration."""

    time: Array = array("time", "s tdb", "middle of the integration, TDB since J2000")
    direction: Array = array("time lm", "1", "direction cosines from the phase centre, east and north")
    angular_diameter: Array = array("time", "rad", "angular diameter of the disk")
    elevation: Array = array("time", "rad", "elevation without refraction")
    response: Array = array("time channel", "1", "power of the primary beam there, 1 on the axis")


@record
class Tracked:
    """Visibilities that follow a planet, averaged: the planet stands at the phase centre."""

    time: Array = array("time", "s tdb", "mean time, TDB since J2000")
    uv: Array = array("time baseline lm", "m", "baseline across the line of sight to the planet")
    frequency: Array = array("channel", "Hz", "mean frequency")
    value: Array = array("time baseline channel polarisation", "Jy", "visibility", dtype=np.complex64)
    weight: Array = array(
        "time baseline channel polarisation", "Jy-2", "1/σ² of real and imaginary part; 0: no data",
        dtype=np.float32,
    )  # fmt: skip
    response: Array = array("time channel", "1", "power of the primary beam at the planet")
    drift: Array = array(
        "time baseline", "m", "change of the planet's path difference during an integration of the correlator"
    )
    angular_diameter: Array = array("time", "rad", "angular diameter of the disk")
    antenna1: Array = array("baseline", "1", "index of the first antenna", dtype=int)
    antenna2: Array = array("baseline", "1", "index of the second antenna", dtype=int)
    polarisation: Array = array("polarisation", "1", "correlation: RR, LL, RL, LR, XX, ... or I", dtype=str)


@record
class Samples:
    """Points of one polarisation in the uv-plane, w ≥ 0 (a visibility with w < 0 stands conjugated)."""

    uvw: Array = array("sample xyz", "1", "baseline in wavelengths", dtype=np.float32)
    value: Array = array("sample", "Jy", "visibility", dtype=np.complex64)
    weight: Array = array("sample", "Jy-2", "1/σ² of real and imaginary part", dtype=np.float32)


@record
class Frame:
    """The pixels of an image and the plane that they sample."""

    ra: float = number("rad", "right ascension of the centre, ICRF")
    dec: float = number("rad", "declination of the centre, ICRF")
    pixel: float = number("rad", "size of a pixel, in direction cosine")
    size: int = number("1", "pixels along a side; even; the centre is pixel size/2", dtype=int)
    frequency: float = number("Hz", "frequency to which the image belongs")
    bandwidth: float = number("Hz", "width of the band")
    time: float = number("s tdb", "middle of the observation, TDB since J2000")


@record
class Beam:
    """An elliptical Gaussian."""

    major: float = number("rad", "full width at half maximum of the major axis")
    minor: float = number("rad", "full width at half maximum of the minor axis")
    angle: float = number("rad", "position angle of the major axis, north through east, in [0, π)")


@record
class Dirty:
    """A dirty image and the point-spread function that goes with it."""

    image: Array = array("line sample", "Jy", "dirty image, per dirty beam", dtype=np.float32)
    psf: Array = array(
        "psf_line psf_sample", "1", "point-spread function, 1 at its centre pixel", dtype=np.float32
    )
    weight: float = number("Jy-2", "sum of the imaging weights")
    noise: float = number("Jy", "standard deviation that the weights predict")
    frame: Frame


@record
class Clean:
    """What CLEAN found."""

    components: Array = array("line sample", "Jy", "flux density of the components", dtype=np.float32)
    residual: Array = array("line sample", "Jy", "residual image, per dirty beam", dtype=np.float32)
    restored: Array = array("line sample", "Jy", "components with the clean beam + residual, per clean beam",
                            dtype=np.float32)  # fmt: skip
    rms: float = number("Jy", "robust standard deviation of the residual image, per beam")
    noise: float = number("Jy", "standard deviation that the weights predict, per beam")
    iterations: int = number("1", "components subtracted", dtype=int)
    cycles: int = number("1", "major cycles", dtype=int)
    beam: Beam
    frame: Frame


@record
class DiskFit:
    """A disk fitted in the uv-plane; a parameter held fixed has a standard deviation of zero."""

    flux_density: float = number("Jy", "flux density of the disk above the sky behind it")
    flux_density_std: float = number("Jy", "standard deviation, scaled by χ²")
    offset: Array = array("lm", "rad", "place less the ephemeris, east and north")
    offset_std: Array = array("lm", "rad", "standard deviation of offset")
    angular_diameter: float = number("rad", "angular diameter at the middle time")
    angular_diameter_std: float = number("rad", "standard deviation of angular_diameter")
    limb_exponent: float = number("1", "p of brightness ∝ μ^p")
    limb_exponent_std: float = number("1", "standard deviation of limb_exponent")
    covariance: Array = array(
        "parameter parameter_b", "1",
        "covariance of flux density [Jy], diameter [rad] and exponent; zero where held fixed",
    )  # fmt: skip
    reduced_chi2: float = number("1", "χ² of the real parts per degree of freedom, weights as given")
    null_flux_density: float = number("Jy", "the same fit to the imaginary parts: zero expected")
    null_flux_density_std: float = number("Jy", "standard deviation of null_flux_density")
    time_jackknife_std: float = number("Jy", "standard deviation of flux_density: spans of time left out")
    baseline_jackknife_std: float = number("Jy", "the same, antennas left out")
    n: int = number("1", "visibilities used", dtype=int)


@record
class DiskProfile:
    """Visibility against length of the baseline, turned to the disk, per unit of the primary beam."""

    baseline: Array = array("ring", "1", "mean length of the baseline in wavelengths")
    real: Array = array("ring", "Jy", "mean real part")
    imaginary: Array = array("ring", "Jy", "mean imaginary part: zero expected")
    std: Array = array("ring", "Jy", "standard deviation of either, from the weights")
    model: Array = array("ring", "Jy", "the fitted disk")


@record
class Spectrum:
    """Mean visibility of a field by channel: the flux density of what is not resolved at its centre."""

    frequency: Array = array("channel", "Hz", "of the channel's middle")
    flux_density: Array = array("channel", "Jy", "weighted mean of the real parts; NaN without data")
    flux_density_std: Array = array("channel", "Jy", "standard deviation, from the weights")


@record
class ErrorBudget:
    """What makes a flux density uncertain."""

    term: Array = array("term", "1", "name of the source of error", dtype=str)
    value: Array = array("term", "1", "standard deviation relative to the flux density")


@record
class SkyMap:
    """Brightness of the whole sky at one frequency."""

    ra: Array = array("pixel", "rad", "right ascension of the pixel's centre, ICRF")
    dec: Array = array("pixel", "rad", "declination of the pixel's centre, ICRF")
    temperature: Array = array("pixel", "K", "brightness temperature, cosmic background included")
    frequency: float = number("Hz", "frequency of the map")


@record
class PermittivityFit:
    """The permittivity of a surface from the polarisation of its limb."""

    permittivity: float = number("1", "relative permittivity, real")
    permittivity_std: float = number("1", "standard deviation: noise, and the flux density of the disk")
    reduced_chi2: float = number("1", "χ² per degree of freedom, weights as given")
    n: int = number("1", "visibilities used", dtype=int)
