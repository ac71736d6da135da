"""The tables of the recipe that the stages take."""

from hesper.record import record, setting
from hesper.units import cm, deg, km, minute
from hesper.vmc.data import CHANNELS


@record
class Simulation:
    """What is simulated."""

    segments: tuple[int, ...] = setting((5,), "count", "segments (0–8) that the orbits cross", shown="count")
    orbits: int = setting(60, "count", "orbits", minimum=1, maximum=3154)
    images: int = setting(700, "count", "images of all orbits", minimum=1, maximum=200_000)
    refused: float = setting(
        80 / 622, "1", "fraction of orbits built without usable overlaps", minimum=0.0, maximum=1.0
    )
    relief: str = setting(
        "synthetic", "text", "synthetic relief, or a file: 1° CSV as venus_topogrd.csv, GeoTIFF or netCDF"
    )
    emissivity: float = setting(0.9, "1", "emissivity of the plains", minimum=0.05, maximum=1.0)
    anomaly_lon: tuple[float, ...] = setting(
        (220 * deg, 212 * deg, 232 * deg, 226 * deg), "rad", "centres of the anomalies, east", shown="deg"
    )
    anomaly_lat: tuple[float, ...] = setting(
        (12 * deg, -14 * deg, -10 * deg, 28 * deg), "rad", "centres of the anomalies", shown="deg"
    )
    anomaly_diameter: tuple[float, ...] = setting(
        (600 * km, 300 * km, 300 * km, 150 * km), "m", "diameters of the anomalies", shown="km"
    )
    anomaly_emissivity: tuple[float, ...] = setting((0.75, 0.80, 0.97, 0.80), "1", "their emissivities")
    cloud_std: float = setting(0.04, "1", "clouds, relative", shown="percent", minimum=0.0, maximum=0.5)
    cloud_length: float = setting(500 * km, "m", "their size", shown="km", minimum=100 * km)
    cloud_speed: float = setting(60.0, "m s-1", "their westward drift", shown="m / s", minimum=0.0)
    transparency_std: float = setting(
        0.25, "1", "clouds of a whole orbit: deviation of ln brightness", minimum=0.0, maximum=1.0
    )
    gradient_std: float = setting(
        0.06, "1", "wrong flat field: deviation of either component", minimum=0.0, maximum=0.4
    )
    drift: float = setting(0.003, "1", "drift of exposures, relative", shown="percent", minimum=0.0)
    noise: float = setting(
        0.01, "1", "noise of a pixel, relative to the plains", shown="percent", minimum=0.0
    )
    hot_pixels: float = setting(2e-4, "1", "fraction of hot pixels", minimum=0.0, maximum=0.1)
    twilight: bool = setting(True, "1", "scattered sunlight near the terminator", shown="1")
    backplanes: bool = setting(False, "1", "write GEOMETRY/…/*.GEO beside the images, 5 MB each", shown="1")


@record
class Atmosphere:
    """Clouds and gas that surface light passes."""

    absorption: float = setting(
        1e-10 / cm, "m-1", "coefficient α of the continuum of CO2, per squared amagat", shown="cm-1",
        minimum=0.0, maximum=1e-8 / cm,
    )  # fmt: skip
    cloud_depth: float = setting(30.0, "1", "optical depth of the clouds", minimum=0.1, maximum=100.0)
    blur: float = setting(
        100 * km, "m", "full width at half maximum of the spread function", shown="km", minimum=1 * km,
        maximum=500 * km,
    )  # fmt: skip
    tails: bool = setting(False, "1", "an exponential spread function instead of a Gaussian", shown="1")
    emission_height: float = setting(
        0.0, "m", "height of the sphere on which pixels are placed", shown="km", minimum=0.0, maximum=80 * km
    )


@record
class Camera:
    """The objectives N1, N2, UV and VI before the common detector."""

    focal: tuple[float, ...] = setting(
        tuple(channel.focal for channel in CHANNELS.values()), "1", "focal length over pixel pitch of each"
    )
    sample: tuple[float, ...] = setting(
        tuple(channel.sample for channel in CHANNELS.values()), "1",
        "boresight of each along the rows of the detector, in its pixels from 1",
    )  # fmt: skip
    line: tuple[float, ...] = setting(
        tuple(channel.line for channel in CHANNELS.values()), "1", "boresight of each along the columns"
    )


@record
class Masking:
    """Which pixels count."""

    largest_emission: float = setting(
        60 * deg, "rad", "pixels seen at larger emission are left out", shown="deg", minimum=1 * deg,
        maximum=75 * deg,
    )  # fmt: skip
    smallest_incidence: float = setting(
        105 * deg, "rad", "pixels with a higher Sun are left out: twilight", shown="deg",
        minimum=90 * deg, maximum=150 * deg,
    )  # fmt: skip
    border: int = setting(3, "count", "pixels taken off the edge of the field", minimum=0, maximum=50)
    hot: float = setting(
        0.15,
        "1",
        "pixels, single or in pairs, this much off all other neighbours are left out",
        shown="percent",
        minimum=0.01,
    )
    longest_smear: float = setting(
        300 * km, "m", "images smeared more are left out", shown="km", minimum=1 * km
    )
    longest_gap: float = setting(
        600 * minute, "s", "images of an orbit further apart than this are not compared", shown="min",
        minimum=1.0,
    )  # fmt: skip


@record
class Gradient:
    """How the second flat field is found, and when an orbit is refused."""

    huber: float = setting(1.345, "1", "residual in standard deviations beyond which it counts linearly")
    least_cells: int = setting(100, "count", "cells of an overlap that counts", minimum=10)
    least_overlap: float = setting(
        0.02, "1", "overlap, as a part of the mosaic, below which an orbit is refused", minimum=0.0
    )
    least_linked: float = setting(
        0.5, "1", "part of the images' area linked by overlaps below which an orbit is refused", minimum=0.0
    )
    largest_error: float = setting(
        0.015,
        "1",
        "error that the gradient's covariance leaves in an image, rms over the field, above which it is "
        "refused: what a seam may be",
        shown="percent",
        minimum=0.0,
    )
    largest: float = setting(0.5, "1", "|a| + |b| above which an orbit is refused", minimum=0.0)
    drift: float = setting(
        0.003, "1", "drift of exposures that the stated error allows for", shown="percent", minimum=0.0
    )
    gain_std: float = setting(
        0.0, "1", "fit a gain of each image too, of this deviation, and leave it in; 0: the gradient alone",
        shown="percent", minimum=0.0, maximum=0.5,
    )  # fmt: skip
    include_refused: bool = setting(False, "1", "map refused orbits too, uncorrected", shown="1")
    sample_type: str = setting(
        "PC_REAL", "text", "pixels of the corrected images", choices=("PC_REAL", "MSB_INTEGER")
    )


@record
class Emissivity:
    """How emissivity is derived from the mosaics."""

    altimetry: str = setting(
        "", "text", "altitudes: 1° CSV, GeoTIFF or netCDF; empty: altimetry.tif beside the images"
    )
    altimetry_std: float = setting(0.1 * km, "m", "error of an altitude", shown="km", minimum=0.0)
    temperature_std: float = setting(1.0, "K", "error of the surface temperature common to all", minimum=0.0)
    reference: float = setting(0.9, "1", "mean emissivity of the reference area", minimum=0.05, maximum=1.0)
    reference_mask: str = setting(
        "", "text", "raster that is 1 in the reference area; empty: altitudes near the median"
    )
    reference_range: float = setting(
        0.5 * km, "m", "altitudes this near the median are reference area", shown="km", minimum=0.0
    )
    least_reference: float = setting(
        0.1, "1", "mosaics with a smaller part in the reference area are rejected", minimum=0.0, maximum=1.0
    )
    least_count: int = setting(3, "count", "mosaics a cell needs for an emissivity", minimum=2)
    normalisation: str = setting(
        "model", "text", "factors of the mosaics: against the forward model, or as the guide prints them",
        choices=("model", "literal"),
    )  # fmt: skip
    calibrate_absorption: bool = setting(
        False, "1", "find α from the slope of ln brightness with altitude instead", shown="1"
    )
    detrend: bool = setting(False, "1", "take a linear trend of ε with altitude off each segment", shown="1")
    units: str = setting("", "text", "raster of unit numbers, or GeoJSON polygons, for a statistic per unit")
    compare: str = setting("", "text", "another raster map of emissivity or radar to compare with")
    transient_chance: float = setting(
        0.01, "1", "claim transients that clouds make in this part of archives", minimum=1e-9, maximum=1.0
    )
    cloud_speed: float = setting(
        60.0, "m s-1", "drift of the clouds between images of an orbit, for the errors of transients",
        shown="m / s", minimum=0.0,
    )  # fmt: skip
    cloud_length: float = setting(
        500 * km, "m", "size of clouds, within which cells of a map err together", shown="km", minimum=0.0
    )
    transient_size: float = setting(
        200 * km,
        "m",
        "diameter of the disc that is searched",
        shown="km",
        minimum=100 * km,
        maximum=2000 * km,
    )
