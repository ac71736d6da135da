"""What the emissivity chain holds: the surface as simulated and as known, light of the surface, maps."""

from hesper.maps import Grid
from hesper.record import Array, array, number, record, text


@record
class Radiation:
    """Thermal light at the top of the clouds: the four numbers of every altitude; see `model_radiation`."""

    altitude: Array = array("level", "m", "altitude of the ground above 6051.8 km, rising evenly")
    cosine: Array = array("cosine", "1", "cosines of emission, rising")
    path: Array = array("level cosine", "W m-2 sr-1 m-1", "light of the atmosphere over black cold ground")
    transmission: Array = array("level cosine", "1", "radiance at the top for one unit from the ground")
    down: Array = array("level", "W m-2 sr-1 m-1", "downward flux of the atmosphere at the ground, over π")
    albedo: Array = array("level", "1", "albedo of atmosphere and clouds seen from below")
    planck: Array = array("level", "W m-2 sr-1 m-1", "Planck radiance at the temperature of the ground")
    planck_slope: Array = array("level", "W m-2 sr-1 m-1 K-1", "its derivative by temperature")
    wavelength: float = number("m", "wavelength")
    absorption: float = number("m-1", "coefficient α of the CO2 continuum, per squared amagat")
    cloud_depth: float = number("1", "optical depth of the clouds")


@record
class Altimetry:
    """Altitudes of the surface as an altimeter knows them."""

    grid: Grid
    altitude: Array = array("y x", "m", "above 6051.8 km; NaN in gaps")


@record
class Scene:
    """A simulated surface and its light: what is true."""

    grid: Grid
    altitude: Array = array("y x", "m", "mean altitude of the cell above 6051.8 km")
    emissivity: Array = array("y x", "1", "mean emissivity of the cell")
    brightness: Array = array(
        "y x", "W m-2 sr-1 m-1", "radiance toward the zenith, blurred by the clouds, clouds uniform"
    )
    orbit: Array = array("orbit", "1", "orbit numbers", dtype=int)
    gradient_x: Array = array("orbit", "1", "wrong flat field along samples, per 220 pixels")
    gradient_y: Array = array("orbit", "1", "wrong flat field along lines, per 220 pixels")
    transparency: Array = array("orbit", "1", "brightness of the orbit's clouds")
    is_usable: Array = array("orbit", "1", "built with overlaps that can be used", dtype=bool)


@record
class SegmentMap:
    """One segment: brightness and emissivity, their scatter among orbits, and what they rest on."""

    grid: Grid
    brightness: Array = array("y x", "W m-2 sr-1 m-1", "mean of the normalised orbital mosaics")
    brightness_std: Array = array("y x", "W m-2 sr-1 m-1", "their standard deviation (n − 1)")
    variation: Array = array("y x", "1", "coefficient of variation: standard deviation over mean")
    emissivity: Array = array("y x", "1", "emissivity of the mean, scaled to the reference area")
    emissivity_scatter: Array = array("y x", "1", "standard deviation among the orbits' emissivities")
    emissivity_error: Array = array("y x", "1", "emissivity_scatter/√n: the standard error of the mean")
    emissivity_std: Array = array("y x", "1", "standard error and error of the altitudes together")
    significance: Array = array(
        "y x", "1", "emissivity less reference in normal deviations, as Student's t of n mosaics"
    )
    n: Array = array("y x", "count", "orbital mosaics in the cell", dtype=int)
    pixels: Array = array("y x", "count", "pixels in the cell", dtype=int)
    altitude: Array = array("y x", "m", "altitude above 6051.8 km")
    model: Array = array("y x", "W m-2 sr-1 m-1", "blurred radiance of the forward model at the reference ε")
    reference: Array = array("y x", "1", "cell of the reference area", dtype=bool)
    orbit: Array = array("orbit", "1", "orbits that cross the segment", dtype=int)
    factor_model: Array = array("orbit", "1", "normalisation against the forward model; NaN: rejected")
    factor_literal: Array = array("orbit", "1", "normalisation as the guide prints it; NaN: rejected")
    reference_part: Array = array("orbit", "1", "part of the mosaic's area in the reference area")
    segment: int = number("1", "number of the segment", dtype=int)
    reference_emissivity: float = number("1", "mean emissivity of the reference area")
    scale: float = number("1", "what all emissivities were multiplied with to reach it")
    absorption: float = number("m-1", "α of the CO2 continuum, per squared amagat")
    absorption_std: float = number("m-1", "its standard deviation; NaN where it was given")
    amplification: float = number("1", "A: relative error of emissivity over that of brightness")
    altitude_sensitivity: float = number("m-1", "−∂ ln I/∂z at the median altitude")
    temperature_sensitivity: float = number("K-1", "∂ ln I/∂T of the ground")
    trend: float = number("m-1", "∂ε/∂z over the segment, before any detrending")
    trend_std: float = number("m-1", "its standard deviation")
    normalisation: str = text("model or literal")


@record
class Difference:
    """Our emissivity less another map that was scaled to it."""

    grid: Grid
    difference: Array = array("y x", "1", "emissivity less the other map")
    significance: Array = array("y x", "1", "the same in standard deviations of our emissivity")
