"""The recipe of a simulated observation: array and schedule, scene, and what spoils it."""

from hesper.record import record, setting
from hesper.units import MHz, arcmin, arcsec, deg, hour, kHz, km, minute


@record
class Observation:
    """When, with which array and band, and in what order fields are looked at."""

    telescope: str = setting("GMRT", "text", "array whose antennas and beam are packaged")
    date: str = setting(
        "2004-03-26T10:00:00", "text", "UTC middle of the observation; antennas point where Venus is then"
    )
    frequency: float = setting(
        606.1 * MHz, "Hz", "centre of the band", shown="MHz", minimum=50 * MHz, maximum=50e9
    )
    channels: int = setting(128, "count", "number of channels", minimum=1, maximum=16384)
    channel_width: float = setting(
        125 * kHz, "Hz", "width of a channel", shown="kHz", minimum=1e3, maximum=1e8
    )
    polarisations: tuple[str, ...] = setting(("RR",), "text", "correlations, in the order of AIPS")
    antennas: int = setting(26, "count", "antennas that work, drawn by the seed", minimum=3, maximum=1024)
    integration: float = setting(16.8, "s", "length of an integration", minimum=0.1, maximum=600.0)
    on_venus: float = setting(311 * minute, "s", "time on Venus", shown="min", minimum=1.0, maximum=12 * hour)
    flux_calibrators: tuple[str, ...] = setting(
        ("3C48", "3C147"), "text", "the first is observed at the start, the last at the end"
    )
    calibrator: str = setting("0318+164", "text", "observed every `cycle` for phases and bandpass")
    cycle: float = setting(
        30 * minute, "s", "from one visit of the calibrator to the next", shown="min", minimum=60.0
    )
    calibrator_scan: float = setting(5 * minute, "s", "length of such a visit", shown="min", minimum=10.0)
    flux_scan: float = setting(
        10 * minute, "s", "length of a scan of a flux calibrator", shown="min", minimum=10.0
    )
    slew: float = setting(1 * minute, "s", "between scans", shown="min", minimum=0.0)


@record
class Scene:
    """What is in the sky."""

    temperature: float = setting(
        550.0, "K", "brightness temperature of the disk, the sky it hides included", minimum=0.0
    )
    limb: float = setting(0.0, "1", "p of a brightness ∝ μ^p", minimum=0.0, maximum=5.0)
    sky_408: float = setting(30.0, "K", "sky temperature at 408 MHz behind Venus", minimum=2.725)
    sources: int = setting(40, "count", "background sources", minimum=0, maximum=1000)
    faintest: float = setting(4e-3, "Jy", "their least flux density at 606 MHz", minimum=1e-6)
    brightest: float = setting(1.0, "Jy", "their greatest, at 606 MHz", minimum=1e-6)
    radius: float = setting(
        22 * arcmin, "rad", "within this angle of the centre", shown="arcmin", minimum=arcmin, maximum=5 * deg
    )
    spectral_index: float = setting(-0.75, "1", "of their flux densities; scatter 0.2", minimum=-3, maximum=3)
    calibrator_flux: float = setting(7.6, "Jy", "of the calibrator at 606 MHz", minimum=1e-3)


@record
class Corruption:
    """What the instrument, the ionosphere and people do to the visibilities."""

    system_temperature: float = setting(102.0, "K", "of the receivers, on the sky", minimum=0.0)
    gain: float = setting(0.32, "K Jy-1", "of an antenna", minimum=1e-4)
    counts: float = setting(0.01, "1", "correlator counts per jansky", minimum=1e-12)
    amplitude_drift: float = setting(
        0.05, "1", "scatter of an antenna's gain over hours", minimum=0.0, maximum=0.9
    )
    drift_period: float = setting(
        2 * hour, "s", "shortest period of drifts of gain; the longest is 3.65 times as long", shown="h",
        minimum=60.0,
    )  # fmt: skip
    elevation_gain: float = setting(
        0.10,
        "1",
        "loss of gain, common to all antennas, from 85° down to 23° of elevation",
        minimum=0.0,
        maximum=0.9,
    )
    phase_drift: float = setting(
        30 * deg, "rad", "scatter of an antenna's electronic phase over hours", shown="deg", minimum=0.0
    )
    bandpass: float = setting(0.1, "1", "ripple of the bandpass", minimum=0.0, maximum=0.9)
    ionosphere: float = setting(
        2e14, "m-2", "amplitude of travelling waves of electron column", minimum=0.0, maximum=1e17
    )
    wave_length: float = setting(
        200 * km, "m", "length of the waves", shown="km", minimum=1 * km, maximum=3000 * km
    )
    wave_period: float = setting(20 * minute, "s", "period of the waves", shown="min", minimum=60.0)
    lines: int = setting(1, "count", "channels with a narrow line always on", minimum=0)
    line_level: float = setting(60.0, "1", "its amplitude in standard deviations of the noise", minimum=0.0)
    intermittent: int = setting(3, "count", "channels with an intermittent signal", minimum=0)
    intermittent_level: float = setting(20.0, "1", "its amplitude, likewise", minimum=0.0)
    bursts: float = setting(
        2.0 / hour,
        "s-1",
        "rate of bursts of two integrations, on baselines up to 4 km",
        shown="h-1",
        minimum=0.0,
    )
    burst_level: float = setting(8.0, "1", "their amplitude, likewise", minimum=0.0)
    hum: float = setting(
        1.0, "1", "broadband interference that is always on, on baselines up to 4 km, likewise", minimum=0.0
    )
    flux_scale: float = setting(
        0.03, "1", "standard deviation of what the flux calibrators differ from their scale by, all alike",
        minimum=0.0, maximum=0.5,
    )  # fmt: skip
    dead_antennas: int = setting(0, "count", "antennas that deliver noise alone", minimum=0)


@record
class Simulation:
    """A simulated observation."""

    observation: Observation
    scene: Scene
    corruption: Corruption


@record
class Reduction:
    """How visibilities become the planet's flux density."""

    target: str = setting("VENUS", "text", "name of the field with the planet, or with what is to be imaged")
    calibrator: str = setting("0318+164", "text", "name of the field that phases and bandpass come from")
    scale: str = setting(
        "PB2017",
        "text",
        "of flux densities; as published: SH2012 below 500 MHz, PB2013 above",
        choices=("PB2017", "PB2013", "SH2012", "as published"),
    )
    window: int = setting(0, "count", "spectral window of the files", minimum=0)
    record: tuple[str, ...] = setting((), "text", "what to flag by hand, like 'antenna=C05 scan=2'")
    interval: float = setting(10 * minute, "s", "longest solution on a calibrator", shown="min", minimum=0.1)
    selfcal: float = setting(
        1 * minute,
        "s",
        "solution interval of the self-calibration on the background",
        shown="min",
        minimum=0.1,
    )
    selfcal_amplitude: float = setting(
        1 * minute,
        "s",
        "shortest solution of its amplitudes; longer where that makes them better",
        shown="min",
        minimum=0.1,
    )
    amplitudes: bool = setting(True, "1", "self-calibrate amplitudes, where the field is bright enough")
    ground: bool = setting(True, "1", "take off what stands still before the fringes are stopped")
    flag_residuals: bool = setting(
        True, "1", "flag the target once more by what is left when background and planet are taken off"
    )
    weigh: bool = setting(True, "1", "weigh baselines, and octaves of them, by what the disk leaves on them")
    searches: int = setting(4, "count", "for sources at most, with better gains each time", minimum=1)
    elevation: bool = setting(
        True, "1", "correct the bootstrap for the gain's course with elevation, where that is seen"
    )
    pixel: float = setting(1.5 * arcsec, "rad", "of the image of the field", shown="arcsec", minimum=1e-9)
    size: int = setting(2048, "count", "pixels along its side", minimum=64, maximum=16384)
    robust: float = setting(0.0, "1", "Briggs' weighting of the field", minimum=-2.0, maximum=2.0)
    clean_sigmas: float = setting(4.0, "1", "depth of CLEAN in standard deviations", minimum=1.0)
    source_sigmas: float = setting(6.0, "1", "sources fainter than this are left", minimum=1.0)
    index: float = setting(-0.7, "1", "spectral index of the background as seen", minimum=-5.0, maximum=5.0)
    continuum: tuple[str, ...] = setting(
        (), "text", "channels without a line, like '4-9', from 0: a field then gives a cube of the line"
    )
    mask: float = setting(
        30 * arcsec,
        "rad",
        "about the planet's track, where nothing is subtracted",
        shown="arcsec",
        minimum=0.0,
    )
    average_times: int = setting(4, "count", "integrations averaged after following the planet", minimum=1)
    average_channels: int = setting(16, "count", "channels averaged likewise", minimum=1)
    limb: float = setting(
        0.0, "1", "p of the disk that is fitted, brightness ∝ μ^p", minimum=0.0, maximum=5.0
    )
    memory: float = setting(
        1.5e9,
        "B",
        "what a run may take in all; of larger sets smaller pieces are read at a time",
        shown="GB",
        minimum=1e7,
    )
