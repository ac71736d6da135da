"""What the camera system holds: channels, images, their pointing, what their labels state, maps.

Image coordinates (sample, line) count from 0 at the centre of the first pixel. The body frame is that of
the rotation model an image was read with; camera axes are as in `hesper.geometry.camera`.
"""

from typing import NamedTuple

from hesper.maps import Grid
from hesper.record import Array, array, number, record, text
from hesper.units import km, nm


class Channel(NamedTuple):
    """One of the four objectives before the common detector; places in detector pixels counted from 1."""

    code: str
    detector: str
    """DETECTOR_ID of the labels."""
    wavelength: float
    """m."""
    focal: float
    """Focal length over pixel pitch (9 µm)."""
    sample: float
    """Principal point along the rows of the detector."""
    line: float
    """Principal point along its columns."""
    source: str


ARCHIVE_RADIUS = 6111.8 * km
"""m; the sphere of the archive's geometry, 60 km above the mean radius: with it, and with no other, the
emission angles, the altitudes and the footprints of the VICAR headers agree with one another."""

_MEASURED = "adjusted to the 100 footprint points of {}, which then fall on pixel centres within 0.001"
_NOMINAL = "13.0 mm; principal point in the middle of the channel's quadrant"

CHANNELS = {
    channel.code: channel
    for channel in (
        Channel("N1", "VEX_VMC_NIR-1", 965 * nm, 1444.44, 256.5, 256.5, _NOMINAL),
        Channel(
            "N2", "VEX_VMC_NIR-2", 1010 * nm, 1421.026, 258.489, 770.498, _MEASURED.format("V2946_0031_N22")
        ),
        Channel("UV", "VEX_VMC_UV", 365 * nm, 1443.836, 770.489, 769.494, _MEASURED.format("V0260_0008_UV2")),
        Channel("VI", "VEX_VMC_VIS", 513 * nm, 1444.44, 768.5, 256.5, _NOMINAL),
    )
}


FIELD_CENTRE, FIELD_HALF = 255.5, 220.0
"""pixel; the gradient of a flat field is counted in x = (sample − 255.5)/220, y = (line − 255.5)/220."""


class Phase(NamedTuple):
    """A part of the mission with a data set of its own."""

    name: str
    """As in the data-set identifier; empty for the nominal mission."""
    first: int
    last: int


PHASES = (
    Phase("", 0, 529),
    Phase("EXT1", 530, 1135),
    Phase("EXT2", 1136, 1583),
    Phase("EXT3", 1584, 2446),
    Phase("EXT4", 2447, 3153),
)
"""Mission phases by orbit number (product user guide, table of data sets)."""


@record
class Image:
    """A calibrated image with its camera, placed by the elements of its label and pointed as planned."""

    radiance: Array = array("line sample", "W m-2 sr-1 m-1", "spectral radiance; NaN where not valid")
    valid: Array = array("line sample", "1", "inside the field and not saturated", dtype=bool)
    saturated: Array = array("line sample", "1", "at or above the saturation marker", dtype=bool)
    position: Array = array("xyz", "m", "spacecraft in the body frame")
    axes: Array = array("camera xyz", "1", "camera axes in the body frame: sample, line, boresight")
    sun: Array = array("xyz", "m", "apparent place of the Sun in the body frame")
    focal: float = number("pixel", "focal length")
    sample: float = number("pixel", "sample of the principal point")
    line: float = number("pixel", "line of the principal point")
    step: float = number("W m-2 sr-1 m-1", "radiance of one data number")
    time: float = number("s tdb", "middle of the exposure, TDB since J2000")
    exposure: float = number("s", "exposure time")
    wavelength: float = number("m", "central wavelength")
    orbit: int = number("1", "orbit number", dtype=int)
    sequence: int = number("1", "number of the image in its orbit", dtype=int)
    channel: str = text("channel: N1, N2, UV or VI")
    phase: str = text("mission phase; empty for the nominal mission")
    data_set: str = text("identifier of the archive's data set")
    name: str = text("name of the file without extension")
    rotation: str = text("rotation model of Venus")
    kernel: str = text("ephemeris and its SHA-256")


@record
class Pointing:
    """An image whose axes and focal length were refined from limb and illumination.

    The three angles turn the camera about its sample axis, its line axis and the planet's direction.
    """

    image: Image
    angles: Array = array("angle", "rad", "rotation from the planned to the refined axes")
    covariance: Array = array("angle angle_", "rad2", "covariance of the three angles")
    disk_sample: float = number("pixel", "sample of the direction of the planet's centre")
    disk_line: float = number("pixel", "line of that direction")
    disk_std: float = number("pixel", "standard deviation of either, relief of the clouds included")
    limb_sample: Array = array("limb_point", "pixel", "sample of the limb points")
    limb_line: Array = array("limb_point", "pixel", "line of the limb points")
    focal_std: float = number("pixel", "standard deviation of the refined focal length")
    level_std: float = number("1", "standard deviation of the clouds' height over their radius")
    focal_ratio: float = number("1", "refined focal length over that of the channel")
    limb_radius: float = number("pixel", "radius of the limb at the centre of the image")
    limb_radius_std: float = number("pixel", "its standard deviation, relief of the clouds left out")
    limb_scatter: float = number("pixel", "scatter of the limb points about the fitted limb")
    roll: float = number("rad", "rotation about the planet's direction by the illumination")
    roll_std: float = number("rad", "its standard deviation")
    cloud_radius: float = number("m", "radius of the sphere the light leaves")
    background: float = number("W m-2 sr-1 m-1", "median radiance of the sky beside the disk")
    noise: float = number("W m-2 sr-1 m-1", "standard deviation of a pixel of that sky")


@record
class Footprint:
    """The attitude that an archive's footprint points hold: where they fall on the grid of pixels."""

    axes: Array = array("camera xyz", "1", "camera axes in the body frame")
    disk_sample: float = number("pixel", "sample of the direction of the planet's centre")
    disk_line: float = number("pixel", "line of that direction")
    roll: float = number("rad", "rotation about the boresight from the planned to these axes")
    roll_std: float = number("rad", "its standard deviation")
    focal: float = number("pixel", "focal length of the channel")
    scatter: float = number("pixel", "rms distance of the points from pixel centres")
    sample: Array = array("point", "pixel", "sample of each point")
    line: Array = array("point", "pixel", "line of each point")


@record
class Stated:
    """What label and VICAR header state of an image, to check against; angles of the archive's sphere."""

    mean: float = number("1", "mean data number")
    deviation: float = number("1", "standard deviation of the data numbers")
    invalid_count: int = number("1", "INVALID_PIXEL_COUNT", dtype=int)
    resolution: float = number("m", "MAXIMUM_RESOLUTION: ground sampling of the best pixel")
    solar_distance: float = number("m", "SPACECRAFT_SOLAR_DISTANCE")
    spacecraft_lon: float = number("rad", "longitude of the spacecraft, east")
    spacecraft_lat: float = number("rad", "latitude of the spacecraft")
    altitude: float = number("m", "altitude of the spacecraft")
    lon: float = number("rad", "longitude at the centre, east")
    lat: float = number("rad", "latitude at the centre")
    incidence: float = number("rad", "incidence angle at the centre")
    emission: float = number("rad", "emission angle at the centre")
    phase: float = number("rad", "phase angle at the centre")
    season: float = number("rad", "SOLAR_LONGITUDE: the Sun's orbital longitude from the equinox")
    local_time: float = number("rad", "local time at the centre as an angle from midnight")
    footprint_lon: Array = array("point", "rad", "longitudes of the footprint, east")
    footprint_lat: Array = array("point", "rad", "latitudes of the footprint")


@record
class Map:
    """A georeferenced map of radiance; angles are those at the level the light leaves."""

    grid: Grid
    radiance: Array = array("y x", "W m-2 sr-1 m-1", "spectral radiance, mean of the images")
    radiance_std: Array = array("y x", "W m-2 sr-1 m-1", "its standard deviation: noise of the sky pixels")
    n: Array = array("y x", "count", "images (or pixels, where binned) in the cell", dtype=int)
    incidence: Array = array("y x", "rad", "incidence angle, mean of the images")
    emission: Array = array("y x", "rad", "emission angle, mean of the images")
    phase: Array = array("y x", "rad", "phase angle, mean of the images")
    radius: float = number("m", "radius of the sphere the light leaves")
    place_std: float = number("m", "standard deviation of the place of a pixel at the centre of the disk")
    wavelength: float = number("m", "central wavelength")
    images: str = text("names of the images")
