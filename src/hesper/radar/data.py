"""What the radar's stages hand to each other."""

from typing import NamedTuple

import numpy as np

from hesper.ephemeris import Echo
from hesper.maps import Grid
from hesper.record import Array, array, number, record, text

UNSEEN, ELONGATED, AMBIGUOUS = 1, 2, 4
"""Bits of `SurfaceMap.mask`."""


class Feature(NamedTuple):
    """A named feature of the surface."""

    name: str
    lon: float
    """Longitude of the centre, east [rad]."""
    lat: float
    """Latitude of the centre [rad]."""
    diameter: float
    """m."""


@record
class Look:
    """One detected look: the power of an echo against delay and Doppler shift."""

    delay: Array = array("delay", "s", "round-trip delay behind the front of the reference sphere")
    doppler: Array = array("doppler", "Hz", "Doppler shift from the centre of Venus, positive approaching")
    power: Array = array("delay doppler", "1", "power of echo and noise, relative until `calibrate.noise`")
    echo: Echo
    frequency: float = number("Hz", "frequency of the transmitter")
    looks: float = number("1", "independent samples of speckle that a pixel averages")
    transmitter: str = text("name of the transmitting station")
    receiver: str = text("name of the receiving station")
    polarisation: str = text("OC: sense opposite to the transmitted circular one; SC: same sense")
    pointing: str = text("side of the Doppler equator at which the beam was aimed: N or S")


@record
class Limb:
    """What the outline of the echo tells of the axes of a look."""

    doppler_offset: float = number("Hz", "Doppler shift that the look gives the centre of Venus")
    doppler_offset_std: float = number("Hz", "standard deviation of doppler_offset")
    delay_offset: float = number("s", "delay that the look gives the front of the sphere")
    delay_offset_std: float = number("s", "standard deviation of delay_offset")
    half_width: float = number("Hz", "Doppler shift of the limb from the centre, 2ωR/λ")
    half_width_std: float = number("Hz", "standard deviation of half_width")
    scatter: float = number("Hz", "robust scatter of single edges about the outline")
    n: int = number("count", "edges measured", dtype=int)


@record
class BackscatterLaw:
    """Mean reflectivity against incidence: what an average surface sends back."""

    incidence: Array = array("incidence", "rad", "centre of the bin of incidence")
    reflectivity: Array = array("incidence", "1", "median of echo power × |y|/R over noise power")
    reflectivity_std: Array = array("incidence", "1", "standard deviation of reflectivity")
    n: Array = array("incidence", "count", "pixels in the bin", dtype=np.int64)


@record
class SurfaceMap:
    """One hemisphere of a look on a map; the other hemisphere is still in it where the mask says so."""

    reflectivity: Array = array("y x", "1", "reflectivity over the mean of its incidence")
    reflectivity_std: Array = array("y x", "1", "standard deviation of reflectivity by speckle")
    n: Array = array("y x", "1", "independent samples of speckle in the value")
    incidence: Array = array("y x", "rad", "angle between the radar and the sphere's normal")
    cell: Array = array("y x", "m", "north–south extent of the delay–Doppler pixel")
    mirror: Array = array("y x", "1", "beam's two-way gain at the mirror place over that here, as assumed")
    mask: Array = array(
        "y x", "1", "1: not in the look; 2: pixel elongated (runway); 4: mirror in the beam", dtype=np.uint8
    )
    grid: Grid
    hemisphere: int = number("1", "side of the Doppler equator: +1 north, −1 south", dtype=int)
    echo: Echo


@record
class Topography:
    """Altitudes of the surface on a map."""

    altitude: Array = array("y x", "m", "altitude above the mean radius of the reference sphere")
    grid: Grid


@record
class Mosaic:
    """Brightness of the surface on a map, of ordinal meaning."""

    brightness: Array = array("y x", "1", "luminance")
    grid: Grid


@record
class Contrast:
    """How much brighter places are than their mirrors across the line of zero Doppler."""

    feature: Array = array("feature", "1", "name", dtype=str)
    power: Array = array("feature", "1", "mean echo power over noise power at the place")
    power_std: Array = array("feature", "1", "standard deviation of power by local scatter")
    mirror: Array = array("feature", "1", "the same at the place of equal delay and opposite Doppler shift")
    mirror_std: Array = array("feature", "1", "standard deviation of mirror by local scatter")
    ratio: Array = array("feature", "1", "power over mirror")
    ratio_std: Array = array("feature", "1", "standard deviation of ratio")
    chance: Array = array("feature", "1", "one-sided probability that the place is not the brighter one")
    n: Array = array("feature", "count", "pixels averaged", dtype=np.int64)


@record
class Correlation:
    """Pearson's correlation of two maps."""

    value: float = number("1", "correlation coefficient")
    std: float = number("1", "its standard deviation for as many independent cells")
    independent: float = number("1", "effective number of independent cells")
    n: int = number("count", "cells compared", dtype=int)


@record
class Displacement:
    """How far features lie from where another map has them."""

    feature: Array = array("feature", "1", "name", dtype=str)
    east: Array = array("feature", "m", "displacement eastward")
    east_std: Array = array("feature", "m", "standard deviation of east, pixels of look and mosaic included")
    north: Array = array("feature", "m", "displacement northward")
    north_std: Array = array(
        "feature", "m", "standard deviation of north, pixels of look and mosaic included"
    )
    east_cell: Array = array("feature", "m", "east–west resolution of the comparison")
    north_cell: Array = array("feature", "m", "north–south resolution of the comparison")
    correlation: Array = array("feature", "1", "correlation at the best displacement")


@record
class Passes:
    """The geometry of observing passes, one row per date, as table G of the radar's methods has it."""

    time: Array = array("date", "s tdb", "transit of Venus at the transmitter, TDB since J2000")
    elevation: Array = array("date", "rad", "elevation at transit")
    distance: Array = array("date", "m", "light path from Venus to the receiver")
    lon: Array = array("date", "rad", "longitude of the sub-radar point at transit, east")
    lat: Array = array("date", "rad", "latitude of the sub-radar point at transit")
    rotation_rate: Array = array("date", "rad s-1", "apparent rotation rate at transit")
    bandwidth: Array = array("date", "Hz", "Doppler shift from limb to limb")
    cell: Array = array("date", "m", "width of a Doppler cell")
    window: Array = array("date", "m", "width of all Doppler cells")
    tilt: Array = array("date", "rad", "from the Doppler equator's normal to the north pole on the sky")
    baseline: Array = array("date", "m", "length of the baseline")
    baseline_north_least: Array = array("date", "m", "least |component| along the Doppler equator's normal")
    baseline_north_most: Array = array("date", "m", "largest |component| along the Doppler equator's normal")
    fringe: Array = array("date", "m", "fringe spacing on Venus at transit, λD/|B| across the line of sight")
    drift: Array = array("date", "m", "way of the sub-radar point over the pass")
    rate_change: Array = array("date", "1", "range of the rotation rate over the pass over its mean")
    axis_swing: Array = array("date", "rad", "angle between first and last Doppler axis about the radar")
    site_tilt: Array = array("date", "rad", "largest angle from the geocentre's Doppler axis to the site's")
    duration: float = number("s", "length of the pass, centred on transit")
    transmitter: str = text("name of the transmitting station and first receiver")
    receiver: str = text("name of the second receiver")


@record
class GoldstoneImage:
    """An image of the archive's volume MG_1001: brightness or altitude of one pass."""

    value: Array = array("y x", "1", "byte of the image; 0: no echo")
    altitude: Array = array("y x", "m", "altitude; NaN where the scale of the bytes is not known")
    grid: Grid
    highest: int = number("1", "largest byte: 63 before 1977", dtype=int)
    date: str = text("day of the pass")
    quantity: str = text("what the bytes are")
    radar_lon: float = number("rad", "longitude of the sub-Earth point, east")
    radar_lat: float = number("rad", "latitude of the sub-Earth point")
