"""What the radio system hands from stage to stage.

Visibilities are in jansky (or in the correlator's counts before calibration), not in SI: in single precision
the square of 1e-27 W m-2 Hz-1 is zero.
"""

import numpy as np

from hesper.record import Array, array, number, record, text


@record
class Setup:
    """The array, the band and the fields of an observation."""

    telescope: str = text("name of the telescope")
    antenna_name: Array = array("antenna", "1", "name of the antenna", dtype=str)
    antenna_position: Array = array("antenna xyz", "m", "geocentric position, ITRF")
    antenna1: Array = array("baseline", "1", "index of the first antenna", dtype=int)
    antenna2: Array = array("baseline", "1", "index of the second antenna, larger than the first", dtype=int)
    frequency: Array = array("channel", "Hz", "centre of the channel, topocentric")
    channel_width: float = number("Hz", "width of a channel")
    polarisation: Array = array("polarisation", "1", "correlation: RR, LL, RL, LR, XX, ... or I", dtype=str)
    field_name: Array = array("field", "1", "name of the field", dtype=str)
    field_ra: Array = array("field", "rad", "right ascension of the phase centre, J2000 astrometric (ICRF)")
    field_dec: Array = array("field", "rad", "declination of the phase centre, J2000 astrometric (ICRF)")


@record
class Visibilities:
    """A cube of visibilities, V = Σ S exp(+2πi ν/c (u l + v m + w (n − 1))), l east, m north.

    A row that the file lacks is flagged and has no weight. Autocorrelations are left out.
    """

    time: Array = array("time", "s tdb", "middle of the integration, TDB since J2000, increasing")
    interval: Array = array("time", "s", "length of the integration")
    field: Array = array("time", "1", "index of the field observed", dtype=int)
    scan: Array = array("time", "1", "number of the scan", dtype=int)
    uvw: Array = array(
        "time baseline xyz", "m", "place of antenna 1 less that of antenna 2; w to the phase centre"
    )
    value: Array = array(
        "time baseline channel polarisation",
        "Jy",
        "visibility; counts before calibration",
        dtype=np.complex64,
    )
    weight: Array = array(
        "time baseline channel polarisation",
        "Jy-2",
        "1/σ² of the real part and of the imaginary",
        dtype=np.float32,
    )
    flag: Array = array("time baseline channel polarisation", "1", "not to be used", dtype=bool)
    setup: Setup


@record
class FluxDensities:
    """Flux densities of Venus measured on maps, or limits to them."""

    label: Array = array("measurement", "1", "name of the measurement", dtype=str)
    time: Array = array("measurement", "s tdb", "noon of its day, TDB since J2000")
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
