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
    cards = _cards(frame, beam, unit=unit, name=name, telescope=telescope)
    return _stored(np.asarray(image, ">f4")[None, None], cards)


def cube(image: Array, frequency: Array, frame: Frame, beam: Beam, *, name: str, telescope: str) -> bytes:
    """Return images (channel, line, sample) [Jy/beam] of evenly spaced channels, as `fits` does one."""
    cards = _cards(frame, beam, unit="Jy/beam", name=name, telescope=telescope)
    step = float(np.median(np.diff(frequency)))
    cards |= {"CRVAL3": float(frequency[0]), "CDELT3": step, "RESTFRQ": float(frequency.mean())}
    return _stored(np.asarray(image, ">f4")[None], cards)


def _cards(frame: Frame, beam: Beam, *, unit: str, name: str, telescope: str) -> dict[str, str | float]:
    from astropy.time import Time

    middle = Time(2451545.0, frame.time / 86400.0, format="jd", scale="tdb").utc
    return {
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


def _stored(values: Array, cards: dict[str, str | float]) -> bytes:
    from astropy.io import fits as astropy_fits

    hdu = astropy_fits.PrimaryHDU(values)
    for key, value in cards.items():
        hdu.header[key] = value
    stream = BytesIO()
    hdu.writeto(stream, checksum=True)
    return stream.getvalue()
