"""Spectra of planets, solar atlases and tables of wind vectors → records and arrays."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hesper.errors import InputError, MissingError
from hesper.record import Array
from hesper.units import angstrom, deg
from hesper.winds import model_spectrum as spectrum


class WindVectors(NamedTuple):
    """Cloud-tracked winds (vector,): places [rad] and speeds [m s-1], eastward and northward."""

    lon: Array
    lat: Array
    local_time: Array
    """Hours."""
    zonal_wind: Array
    meridional_wind: Array


class PlanetSpectrum(NamedTuple):
    """A one-dimensional spectrum with its wavelengths in air [m]."""

    name: str
    wavelength: Array
    flux: Array


def atlas(path: Path, first: float, last: float) -> spectrum.Spectrum:
    """Read a solar atlas: rows of vacuum wavenumber [cm-1], telluric, observed and corrected intensity.

    Parameters
    ----------
    path
        For example the Kitt Peak FTS segment round Na D, int_nad.dat.
    first, last
        Window [m].

    Notes
    -----
    Where the corrected column is −1 (deep telluric cores) observed/telluric takes its place. In the cores of
    D1 and D2 the telluric column holds division noise, and is bridged from its neighbours.
    """
    rows = [line.split() for line in _text(path).splitlines()]
    try:
        table = np.array([[float(v) for v in row] for row in rows if len(row) == 4])
    except ValueError as error:
        raise InputError(f"{path}: not an atlas of four columns: {error}") from None
    if len(table) < 100:
        raise InputError(
            f"{path}: {len(table)} rows of four columns; an atlas of wavenumber and three intensities"
        )
    table = table[np.argsort(-table[:, 0])]
    wavelength = spectrum.air_wavelength(0.01 / table[:, 0])
    telluric = table[:, 1].copy()
    for centre in (5889.945, 5895.92):
        core = np.abs(wavelength / angstrom - centre) < 0.12
        if core.any() and not core.all():
            telluric[core] = np.interp(wavelength[core], wavelength[~core], telluric[~core])
    solar = np.where(table[:, 3] < 0, table[:, 2] / np.maximum(telluric, 1e-3), table[:, 3])
    return spectrum.from_atlas(first, last, wavelength, solar, telluric)


def wind_vectors(paths: Sequence[Path]) -> WindVectors:
    """Read cloud-tracked winds: orbit, two images, JD, longitude, latitude, local time, u, v."""
    parts = []
    for path in paths:
        lines = (
            line.split() for line in _text(path).splitlines() if line.strip() and line.split()[0].isdigit()
        )
        try:
            parts.append(np.array([[float(v) for v in row[4:9]] for row in lines]))
        except ValueError as error:
            raise InputError(f"{path}: not a table of wind vectors: {error}") from None
        if parts[-1].ndim != 2 or parts[-1].shape[1] != 5:
            raise InputError(
                f"{path}: no rows of nine columns (orbit, images, JD, lon, lat, local time, u, v)"
            )
    table = np.concatenate(parts)
    return WindVectors(table[:, 0] * deg, table[:, 1] * deg, table[:, 2], table[:, 3], table[:, 4])


def planet_spectrum(path: Path) -> PlanetSpectrum:
    """Read a one-dimensional FITS spectrum with linear wavelengths in air (CRVAL1, CDELT1 in ångström)."""
    from astropy.io import fits
    from astropy.utils.exceptions import AstropyWarning

    if not path.is_file():
        raise MissingError(f"{path}: no such file")
    try:
        # Archives of real spectra hold keywords, like BLANK beside floats, that astropy warns of.
        with warnings.catch_warnings(action="ignore", category=AstropyWarning), fits.open(path) as hdus:
            values, header = np.array(hdus[0].data, float), dict(hdus[0].header)
    except (OSError, TypeError, ValueError) as error:
        raise InputError(f"{path}: damaged or no FITS spectrum: {str(error).splitlines()[0]}") from None
    if values.ndim != 1 or "CRVAL1" not in header or "CDELT1" not in header:
        raise InputError(f"{path}: a one-dimensional spectrum with CRVAL1 and CDELT1 is needed")
    pixel = np.arange(values.size) + 1 - float(header.get("CRPIX1", 1))
    wavelength = (float(header["CRVAL1"]) + float(header["CDELT1"]) * pixel) * angstrom
    return PlanetSpectrum(str(header.get("OBJECT", path.stem)).strip(), wavelength, values.astype(float))


def _text(path: Path) -> str:
    if not path.is_file():
        raise MissingError(f"{path}: no such file")
    return path.read_text(encoding="ascii", errors="replace")
