"""Where Venus was: times and an observer → `Viewing`.

Positions come from a JPL kernel (DE421 by default), the light time is solved for every leg, and stations
turn with the Earth as the International Earth Rotation Service has it. No call touches the network.

Vectors are in the ICRF or in the body-fixed frame of Venus; velocities are positive receding.
"""

from hesper.ephemeris.earth import J2000, tdb_seconds, utc
from hesper.ephemeris.kernel import kernel_path
from hesper.ephemeris.observing import Baseline, Echo, Viewing, baseline, echo, viewing
from hesper.ephemeris.rotation import ROTATIONS, Rotation
from hesper.ephemeris.sites import SITES, Site, find_site

__all__ = [
    "J2000",
    "ROTATIONS",
    "SITES",
    "Baseline",
    "Echo",
    "Rotation",
    "Site",
    "Viewing",
    "baseline",
    "echo",
    "find_site",
    "kernel_path",
    "tdb_seconds",
    "utc",
    "viewing",
]
