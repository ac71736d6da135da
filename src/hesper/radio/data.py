"""What the radio system hands from stage to stage."""

from hesper.record import Array, array, record, text


@record
class FluxDensities:
    """Flux densities of Venus measured on maps, or limits to them."""

    label: Array = array("measurement", "1", "name of the measurement", dtype=str)
    frequency: Array = array("measurement", "Hz", "centre of the band")
    flux_density: Array = array(
        "measurement", "W m-2 Hz-1", "flux density of the disk, less the sky behind it"
    )
    map_rms: Array = array("measurement", "W m-2 Hz-1", "noise of the map, per beam")
    beam_major: Array = array(
        "measurement", "rad", "major axis of the synthesised beam, full width at half maximum"
    )
    beam_minor: Array = array(
        "measurement", "rad", "minor axis of the synthesised beam, full width at half maximum"
    )
    angular_diameter: Array = array("measurement", "rad", "diameter of the disk")
    is_limit: Array = array(
        "measurement", "1", "Venus was not detected; the flux density is a limit", dtype=bool
    )


@record
class Temperatures:
    """Brightness temperatures of the disk (Rayleigh–Jeans, for the diameter given)."""

    label: Array = array("measurement", "1", "name of the measurement", dtype=str)
    frequency: Array = array("measurement", "Hz", "centre of the band")
    angular_diameter: Array = array("measurement", "rad", "diameter of the disk")
    flux_density: Array = array(
        "measurement", "W m-2 Hz-1", "flux density; three standard deviations for a limit"
    )
    flux_density_std: Array = array(
        "measurement", "W m-2 Hz-1", "standard deviation of flux_density, noise alone"
    )
    contrast_temperature: Array = array(
        "measurement", "K", "brightness temperature above the sky behind Venus"
    )
    contrast_temperature_std: Array = array("measurement", "K", "standard deviation, noise alone")
    sky_temperature: Array = array("measurement", "K", "brightness of the sky that Venus hides")
    sky_temperature_std: Array = array("measurement", "K", "standard deviation of sky_temperature")
    brightness_temperature: Array = array(
        "measurement", "K", "contrast plus sky; an upper limit where is_limit"
    )
    brightness_temperature_std: Array = array(
        "measurement", "K", "standard deviation: noise, sky and calibration"
    )
    is_limit: Array = array("measurement", "1", "upper limit at three standard deviations", dtype=bool)
    sky_model: str = text("how the sky at 408 MHz was scaled")
