"""The tables of a recipe that more than one stage takes, with the values of Gaulme et al. 2008."""

from hesper.record import record, setting
from hesper.units import angstrom, arcsec, milliangstrom


@record
class Observation:
    """When, where and how long."""

    start: str = setting("2007-11-07T13:06:52", "text", "start of the first exposure, UTC")
    site: str = setting("Teide", "text", "name of the observatory, or its ITRF position in metres: x, y, z")
    kernel: str = setting("DE421", "text", "ephemeris: DE421, DE440 or the path of an SPK file")
    rotation: str = setting("IAU", "text", "rotation model of Venus")
    frames: int = setting(318, "count", "number of exposures", minimum=2, maximum=5000)
    exposure: float = setting(10.0, "s", "exposure time", minimum=1e-3)
    readout: float = setting(0.05, "s", "pause between exposures", minimum=0.0)
    mode: str = setting(
        "drift", "text", "raster: the intended scan; drift: what happened", choices=("raster", "drift")
    )


@record
class Instrument:
    """Telescope, spectrograph and detector."""

    area: float = setting(0.5, "m2", "effective collecting area", minimum=1e-4)
    throughput: float = setting(0.05, "1", "transmission of everything", minimum=1e-6, maximum=1.0)
    slit_width: float = setting(0.5 * arcsec, "rad", "width of the slit", shown="arcsec", minimum=1e-8)
    slit_tilt: float = setting(0.0, "rad", "angle of the slit to the terminator", shown="deg")
    row_height: float = setting(
        0.2 * arcsec, "rad", "height of a row on the sky", shown="arcsec", minimum=1e-8
    )
    rows: int = setting(512, "count", "rows of the detector, along the slit", minimum=32, maximum=8192)
    pixels: int = setting(512, "count", "pixels of a row, along the dispersion", minimum=64, maximum=8192)
    wavelength: float = setting(
        5889.95 * angstrom, "m", "wavelength in air of the middle pixel of the middle row", shown="Angstrom"
    )
    dispersion: float = setting(
        11.7 * milliangstrom, "m", "width of a pixel", shown="mAngstrom", minimum=1e-14
    )
    resolution: float = setting(
        20.0 * milliangstrom, "m", "full width of the line-spread function", shown="mAngstrom", minimum=1e-15
    )
    distortion_linear: float = setting(3.0, "1", "shift of the top row against the middle row [pixels]")
    distortion_quadratic: float = setting(2.0, "1", "curvature of the slit's image at the top row [pixels]")
    gain: float = setting(1.0, "1", "electrons per count", minimum=1e-3)
    read_noise: float = setting(5.0, "1", "read noise [electrons]", minimum=0.0)
    bias: float = setting(100.0, "1", "bias and dark level [counts]", minimum=0.0)
    flat_rms: float = setting(0.01, "1", "rms of the pixels' response", minimum=0.0, maximum=0.2)
    saturation: float = setting(65535.0, "1", "largest count", minimum=1.0, maximum=65535.0)
    calibrations: int = setting(5, "count", "dark and flat frames of each kind; 0 as in the paper", minimum=0)


@record
class Windows:
    """Further spectral windows, each recorded at once by a camera of its own. An empty list: as the first."""

    wavelength: tuple[float, ...] = setting(
        (), "m", "wavelengths in air of their middle pixels", shown="Angstrom"
    )
    line: tuple[str, ...] = setting(
        (), "text", "lines of the Sun or of Venus itself", choices=("reflected", "emitted")
    )
    dispersion: tuple[float, ...] = setting(
        (), "m", "widths of their pixels", shown="mAngstrom", minimum=1e-14
    )
    resolution: tuple[float, ...] = setting(
        (), "m", "full widths of their line-spread functions", shown="mAngstrom", minimum=1e-15
    )
    zonal_wind: tuple[float, ...] = setting(
        (), "m s-1", "zonal winds of the levels they show, eastward positive (simulation)"
    )


@record
class Sky:
    """Seeing, skylight, clouds."""

    seeing: float = setting(1.0 * arcsec, "rad", "full width of the seeing", shown="arcsec", minimum=1e-7)
    seeing_rms: float = setting(
        0.1, "1", "relative rms of the seeing from frame to frame", minimum=0.0, maximum=0.3
    )
    profile: str = setting("gaussian", "text", "shape of the seeing", choices=("gaussian", "moffat"))
    brightness: float = setting(0.5, "1", "skylight relative to Venus's mean surface brightness", minimum=0.0)
    water: float = setting(1.0, "1", "telluric depth relative to the reference", minimum=0.0, maximum=10.0)
    transparency_rms: float = setting(0.097, "1", "rms of the transparency", minimum=0.0, maximum=0.5)
    spectrum: str = setting("parametric", "text", "'parametric', or the path of a solar and telluric atlas")


@record
class Guiding:
    """Where the slit lay on the disk."""

    first: float = setting(0.0, "rad", "slit at the start, sunward of the centre", shown="arcsec")
    last: float = setting(7.7 * arcsec, "rad", "slit at the end", shown="arcsec")
    step: float = setting(0.8 * arcsec, "rad", "step of the raster", shown="arcsec", minimum=1e-8)
    positions: int = setting(15, "count", "positions of the raster", minimum=1)
    bend: float = setting(0.4 * arcsec, "rad", "departure of the drift from uniform motion", shown="arcsec")
    jitter_across: float = setting(0.3 * arcsec, "rad", "rms across the slit", shown="arcsec", minimum=0.0)
    jitter_along: float = setting(0.1 * arcsec, "rad", "rms along the slit", shown="arcsec", minimum=0.0)
    edge: bool = setting(True, "text", "guided by hand on the upper edge: the centre drifts along the slit")


@record
class Defects:
    """What went wrong."""

    artifact_shift: float = setting(0.1, "1", "spectral shift of a band of rows [pixels]")
    artifact_fringe: float = setting(
        0.0, "1", "amplitude of a fringe in the same rows", minimum=0.0, maximum=0.5
    )
    artifact_first: float = setting(
        48.0 * arcsec, "rad", "first row of the band along the slit", shown="arcsec"
    )
    artifact_last: float = setting(
        53.0 * arcsec, "rad", "last row of the band along the slit", shown="arcsec"
    )
    drift: float = setting(30.0, "m s-1", "slow drift of the wavelength scale over the run")
    cosmic_rays: float = setting(5.0, "1", "hits per frame", minimum=0.0)


@record
class Scene:
    """Venus: clouds and winds. Speeds are eastward, poleward, upward and anti-sunward."""

    radius: float = setting(
        6_121_800.0, "m", "radius of the cloud tops", shown="km", minimum=6.0e6, maximum=6.3e6
    )
    scattering: str = setting("minnaert", "text", "scattering law", choices=("minnaert", "lommel-seeliger"))
    exponent: float = setting(1.0, "1", "photometric exponent; 1 is Lambert's law", minimum=0.5, maximum=1.5)
    surface_brightness: float = setting(
        4.8e11 / 187, "1", "photons per s, m2, 1000 Å and arcsec2 of the lit disk", minimum=0.0
    )
    line: str = setting(
        "reflected", "text", "lines of the Sun or of Venus itself", choices=("reflected", "emitted")
    )
    zonal: str = setting(
        "uniform",
        "text",
        "shape of the zonal wind",
        choices=("uniform", "cosine", "constant-angular-velocity", "jet"),
    )
    zonal_wind: float = setting(
        -100.0, "m s-1", "speed of the zonal wind, eastward positive", minimum=-1e4, maximum=1e4
    )
    meridional_wind: float = setting(
        0.0, "m s-1", "poleward wind at 45° of latitude", minimum=-1e4, maximum=1e4
    )
    antisolar_wind: float = setting(
        0.0, "m s-1", "flow away from the sub-solar point, at the terminator", minimum=-1e4, maximum=1e4
    )
    vertical_wind: float = setting(0.0, "m s-1", "upward wind", minimum=-1e4, maximum=1e4)


@record
class Limits:
    """What the reduction takes for granted, and what it leaves out."""

    radius: float = setting(
        6_121_800.0, "m", "radius of the cloud tops", shown="km", minimum=6.0e6, maximum=6.3e6
    )
    line: str = setting(
        "reflected", "text", "lines of the Sun or of Venus itself", choices=("reflected", "emitted")
    )
    scattering: str = setting("minnaert", "text", "scattering law", choices=("minnaert", "lommel-seeliger"))
    exponent: float = setting(1.0, "1", "photometric exponent to start from", minimum=0.6, maximum=1.4)
    free_exponent: bool = setting(True, "text", "whether the photometric exponent is fitted")
    seeing_profile: str = setting("gaussian", "text", "shape of the seeing", choices=("gaussian", "moffat"))
    sky_prior: float = setting(
        0.03, "1", "how well a row's skylight is known in advance", minimum=1e-4, maximum=10.0
    )
    telluric_prior: float = setting(
        0.1, "1", "how well a row's telluric depth is known in advance", minimum=1e-4, maximum=10.0
    )
    faintest: float = setting(
        0.25,
        "1",
        "continuum, relative to the brightest, below which rows are left out",
        minimum=0.0,
        maximum=1.0,
    )
    row_terms: bool = setting(True, "text", "whether every detector row has a constant of its own")
