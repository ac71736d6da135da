"""Images → FITS that CARTA, DS9 and CASA open."""

from io import BytesIO

import numpy as np

from hesper.radio.data_image import Beam, Frame
from hesper.record import Array
from hesper.units import deg


def fits(image: Array, frame: Frame, beam: Beam, *, unit: str, name: str, telescope: str) -> bytes:
    """Return an image as the bytes of a FITS file with axes right ascension, declination, frequency, Stokes.

    Parameters
    ----------
    image
        (line, sample); lines run northward, samples westward.
    frame, beam
        Its pixels and its beam.
    unit
        "Jy/beam", "Jy/pixel", …
    name, telescope
        For OBJECT and TELESCOP.

    Notes
    -----
    FITS standard 4.0, papers I to III of WCS: SIN projection, ICRS, topocentric frequency, Stokes I.
    """
    from astropy.io import fits as astropy_fits
    from astropy.time import Time

    middle = Time(2451545.0, frame.time / 86400.0, format="jd", scale="tdb").utc
    cards = {
        "BUNIT": unit, "BTYPE": "Intensity", "OBJECT": name, "TELESCOP": telescope,
        "BMAJ": beam.major / deg, "BMIN": beam.minor / deg, "BPA": beam.angle / deg,
        "RADESYS": "ICRS", "SPECSYS": "TOPOCENT", "TIMESYS": "UTC", "DATE-OBS": middle.isot,
        "MJD-OBS": middle.mjd,
        "CTYPE1": "RA---SIN", "CRVAL1": frame.ra / deg % 360, "CDELT1": -frame.pixel / deg,
        "CRPIX1": frame.size // 2 + 1.0, "CUNIT1": "deg",
        "CTYPE2": "DEC--SIN", "CRVAL2": frame.dec / deg, "CDELT2": frame.pixel / deg,
        "CRPIX2": frame.size // 2 + 1.0, "CUNIT2": "deg",
        "CTYPE3": "FREQ", "CRVAL3": frame.frequency, "CDELT3": frame.bandwidth, "CRPIX3": 1.0, "CUNIT3": "Hz",
        "CTYPE4": "STOKES", "CRVAL4": 1.0, "CDELT4": 1.0, "CRPIX4": 1.0,
        "LONPOLE": 180.0, "LATPOLE": frame.dec / deg, "RESTFRQ": frame.frequency,
        "ORIGIN": "hesper",
    }  # fmt: skip
    hdu = astropy_fits.PrimaryHDU(np.asarray(image, ">f4")[None, None])
    for key, value in cards.items():
        hdu.header[key] = value
    stream = BytesIO()
    hdu.writeto(stream, checksum=True)
    return stream.getvalue()
