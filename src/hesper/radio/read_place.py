"""Places on the sky of older equinoxes → J2000."""

from pathlib import Path

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.units import rad


def j2000(ra: Array, dec: Array, epoch: Array, path: Path) -> tuple[Array, Array]:
    """Return right ascension and declination [rad], ICRF, of mean places of an equinox [yr].

    1950 is taken as B1950 (FK4), any other but 2000 as the mean equator and equinox of that Julian year.
    """
    from astropy.coordinates import FK4, FK5, SkyCoord

    out_ra, out_dec = np.array(ra, float), np.array(dec, float)
    for year in np.unique(epoch[epoch != 2000.0]):
        if not 1900 <= year <= 2100:
            raise InputError(
                f"{path}: equinox {year:g} of the sources; 1950, 2000 or the year of date is needed"
            )
        mine = epoch == year
        frame = FK4(equinox="B1950") if year == 1950 else FK5(equinox=f"J{year}")
        turned = SkyCoord(out_ra[mine] * rad, out_dec[mine] * rad, unit="rad", frame=frame).icrs
        out_ra[mine], out_dec[mine] = turned.ra.rad, turned.dec.rad
    return out_ra % (2 * np.pi), out_dec
