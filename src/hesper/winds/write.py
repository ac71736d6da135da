"""Frames → the FITS files an observatory delivers: one exposure each, with dark and flat."""

import numpy as np

from hesper import ephemeris
from hesper.record import Array
from hesper.units import angstrom, arcsec, deg
from hesper.winds.data import Frames


def frame(frames: Frames, index: int) -> bytes:
    """Return one exposure as the bytes of a FITS file.

    Notes
    -----
    World coordinates: axis 1 is the wavelength in air (CTYPE1 'AWAV'), axis 2 the height along the slit.
    """
    header = {
        **_header(frames),
        "IMAGETYP": ("LIGHT", "exposure of the planet"),
        "DATE-OBS": (_start(frames, index), "[UTC] start of the exposure"),
        "EXPTIME": (float(frames.exposure[index]), "[s] exposure time"),
        "FRAMENO": (index, "number of the frame"),
    }
    if np.isfinite(frames.offset[index]):
        header["SLITOFF"] = (float(frames.offset[index] / arcsec), "[arcsec] commanded, sunward of centre")
    return _image(frames.counts[index], header)


def dark(frames: Frames) -> bytes:
    """Return the mean dark frame as the bytes of a FITS file."""
    header = {
        **_header(frames),
        "IMAGETYP": ("DARK", "mean dark frame"),
        "NCOMBINE": (frames.dark_frames, "frames averaged"),
    }
    return _real_image(frames.dark, header)


def flat(frames: Frames) -> bytes:
    """Return the normalised flat field as the bytes of a FITS file."""
    header = {
        **_header(frames),
        "IMAGETYP": ("FLAT", "normalised flat field"),
        "NCOMBINE": (frames.flat_frames, "frames averaged"),
    }
    return _real_image(frames.flat, header)


def _start(frames: Frames, index: int) -> str:
    return str(ephemeris.utc(frames.time[index : index + 1] - frames.exposure[index] / 2)[0])


def _header(frames: Frames) -> dict[str, tuple[object, str]]:
    setup = frames.setup
    return {
        "TELESCOP": (setup.site, "observatory"),
        "OBJECT": ("Venus", ""),
        "WINDOW": (setup.window, "number of the spectral window"),
        "OBSGEO-X": (setup.observer_x, "[m] observatory, ITRF"),
        "OBSGEO-Y": (setup.observer_y, "[m] observatory, ITRF"),
        "OBSGEO-Z": (setup.observer_z, "[m] observatory, ITRF"),
        "CTYPE1": ("AWAV", "wavelength in air"),
        "CUNIT1": ("Angstrom", ""),
        "CRPIX1": (1.0, "first pixel"),
        "CRVAL1": (setup.wavelength / angstrom, "nominal, in the middle row"),
        "CDELT1": (setup.dispersion / angstrom, "nominal"),
        "CTYPE2": ("LINEAR", "height along the slit"),
        "CUNIT2": ("arcsec", ""),
        "CRPIX2": (1.0, "first row"),
        "CRVAL2": (0.0, ""),
        "CDELT2": (setup.row_height / arcsec, "height of a row"),
        "SLITWID": (setup.slit_width / arcsec, "[arcsec] width of the slit"),
        "SLITPA": (setup.slit_angle / deg, "[deg] position angle of increasing rows"),
        "SPECFWHM": (setup.resolution / angstrom, "[Angstrom] line-spread function"),
        "GAIN": (setup.gain, "[electron/count]"),
        "RDNOISE": (setup.read_noise, "[electron] read noise"),
        "SATURATE": (setup.saturation, "[count] largest linear count"),
        "BIAS": (float(np.median(frames.dark)), "[count] bias and dark level"),
    }


def _image(counts: Array, header: dict[str, tuple[object, str]]) -> bytes:
    from hesper.products import fits_image

    return fits_image(np.rint(counts).astype(np.uint16), header, unit="adu")


def _real_image(values: Array, header: dict[str, tuple[object, str]]) -> bytes:
    from hesper.products import fits_image

    return fits_image(values.astype(np.float32), header, unit="adu")
