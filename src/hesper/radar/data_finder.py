"""What the finder map is made of: the power of whole disks, and the map."""

import numpy as np

from hesper.maps import Grid
from hesper.radar.data_interferometer import MASK_MEANING
from hesper.record import Array, array, number, record, text


@record
class DiskLook:
    """The power of a whole disk's echo on one day, one receiver, in coarse cells of delay and Doppler."""

    power: Array = array("gate column", "1", "power of the echo over that of 1 m² of unit reflectivity")
    time: float = number("s", "time of the look, TDB since J2000")
    cell: float = number("m", "width of a column along the Doppler axis")
    depth: float = number("m", "depth of a gate")
    looks: float = number("1", "independent samples of speckle in a cell")
    station: str = text("station that transmits and receives")


@record
class FinderMap:
    """Brightness of a whole disk from many days of one receiver."""

    brightness: Array = array("y x", "1", "reflectivity over the law of backscatter")
    brightness_std: Array = array("y x", "1", "standard deviation of brightness by speckle, days independent")
    n: Array = array("y x", "count", "days that see the cell", dtype=np.int64)
    extent: Array = array("y x", "m", "least north–south extent of the delay–Doppler cells")
    mirror_motion: Array = array("y x", "m", "how far the mirror places of the days lie apart")
    mask: Array = array("y x", "1", MASK_MEANING, dtype=np.uint8)
    circle_lon: Array = array("circle", "rad", "centres of the eight images, longitude east")
    circle_lat: Array = array("circle", "rad", "their latitudes")
    grid: Grid
