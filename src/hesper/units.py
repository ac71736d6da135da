"""Units as numbers: multiply to come in, divide to go out.

>>> round(22.7 * arcsec / deg, 6)
0.006306
"""

from math import pi

rad = 1.0
deg = pi / 180.0
arcmin = deg / 60.0
arcsec = deg / 3600.0
hour_angle = 15.0 * deg

m = 1.0
km = 1e3
cm = 1e-2
mm = 1e-3
um = 1e-6
nm = 1e-9
angstrom = 1e-10
milliangstrom = 1e-13
au = 149_597_870_700.0

s = 1.0
ms = 1e-3
us = 1e-6
minute = 60.0
hour = 3600.0
day = 86400.0

Hz = 1.0
kHz = 1e3
MHz = 1e6
GHz = 1e9

Pa = 1.0
mbar = 1e2
bar = 1e5
atm = 101_325.0

Jy = 1e-26
mJy = 1e-29
uJy = 1e-32

percent = 0.01
ppm = 1e-6
