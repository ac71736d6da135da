"""How Venus stood in the sky for the papers' observers."""

import numpy as np

from hesper import ephemeris
from hesper.units import arcsec, deg, km

view = ephemeris.viewing(["2007-11-07T13:06:00", "2007-11-07T13:56:00"], "Teide")
print("THEMIS, 7 November 2007")
print("  range rate [km/s]     ", view.venus_observer_rate / km)
print("  Venus line − sky line ", 299_792.458 * view.relative_shift, "km/s")
print("  diameter [arcsec]     ", view.angular_diameter / arcsec)
print("  phase angle [deg]     ", view.phase / deg)

hours = np.datetime64("1974-01-20T17:13") + np.arange(7) * np.timedelta64(1, "h")
echo = ephemeris.echo(hours, "DSS-14")
line = ephemeris.baseline(hours, "DSS-14", "DSS-13-26m")
print("Goldstone, 20 January 1974")
print("  sub-radar longitude   ", np.degrees(echo.lon).round(2))
print("  baseline northward    ", (line.along_north / km).round(2), "km")
