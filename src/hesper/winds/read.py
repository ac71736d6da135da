"""FITS frames, spectra of planets, atlases and wind vectors → records and arrays."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.errors import InputError, MissingError
from hesper.record import Array
from hesper.units import angstrom, arcsec, deg
from hesper.winds import model_spectrum as spectrum
from hesper.winds.data import Frames, Setup

_NEEDED = ("DATE-OBS", "EXPTIME", "CRVAL1", "CDELT1", "CTYPE1", "CUNIT1", "CDELT2", "CUNIT2", "SLITWID",
           "SLITPA", "GAIN", "RDNOISE", "OBSGEO-X", "OBSGEO-Y", "OBSGEO-Z")  # fmt: skip


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


_File = tuple[Path, Array, dict[str, Any]]


def frames(folder: Path) -> Frames:
    """Read all FITS frames of a folder: exposures in order of time, mean dark and flat.

    Parameters
    ----------
    folder
        Holds files *.fits or *.fit; IMAGETYP is LIGHT, DARK or FLAT (LIGHT where it is absent).

    Raises
    ------
    MissingError
        If the folder holds no exposure.
    InputError
        If a header lacks what is needed or is in other units, frames differ in size or setup, or two
        exposures have the same time.
    """
    paths = (
        sorted(p for p in folder.iterdir() if p.suffix.lower() in (".fits", ".fit"))
        if folder.is_dir()
        else []
    )
    lights: list[_File] = []
    darks: list[_File] = []
    flats: list[_File] = []
    for path in paths:
        image, header = _read(path)
        kind = str(header.get("IMAGETYP", "LIGHT")).strip().upper()
        {"DARK": darks, "FLAT": flats}.get(kind, lights).append((path, image, header))
    if not lights:
        raise MissingError(f"{folder}: no exposure among {len(paths)} FITS files; give a folder of frames")
    for path, image, header in lights:
        _check(path, image, header, lights[0])
    order = np.argsort([_middle(path, header) for path, _, header in lights], kind="stable")
    time = np.array([_middle(lights[i][0], lights[i][2]) for i in order])
    if (np.diff(time) <= 0).any():
        twice = int(np.flatnonzero(np.diff(time) <= 0)[0])
        names = [lights[order[twice + k]][0].name for k in (0, 1)]
        raise InputError(
            f"{folder}: {names[0]} and {names[1]} have the same time; remove one, or mend DATE-OBS"
        )
    header = lights[0][2]
    shape = lights[0][1].shape
    return Frames(
        counts=np.stack([lights[i][1] for i in order]).astype(np.float32),
        time=time,
        exposure=np.array([float(lights[i][2]["EXPTIME"]) for i in order]),
        offset=np.array([float(lights[i][2].get("SLITOFF", np.nan)) for i in order]) * arcsec,
        dark=_mean(darks, shape, float(header.get("BIAS", 0.0))),
        dark_frames=_combined(darks),
        flat=_mean(flats, shape, 1.0),
        flat_frames=_combined(flats),
        setup=_setup(header),
    )


def _read(path: Path) -> tuple[Array, dict[str, Any]]:
    from hesper.products import read_fits_image

    image, header = read_fits_image(path)
    if image.ndim != 2:
        raise InputError(
            f"{path}: {image.ndim} dimensions; a frame of rows (slit) and pixels (dispersion) is needed"
        )
    return image, header


def _check(path: Path, image: Array, header: Mapping[str, Any], first: _File) -> None:
    lacking = [key for key in _NEEDED if key not in header]
    if lacking:
        raise InputError(
            f"{path}: the header lacks {', '.join(lacking)}; add them (see docs/systems/winds.md)"
        )
    for key, allowed in (("CUNIT1", "Angstrom"), ("CUNIT2", "arcsec")):
        if str(header[key]).strip().lower() != allowed.lower():
            raise InputError(f"{path}: {key} = {header[key]!r}; {allowed} is needed: convert CRVAL and CDELT")
    if str(header["CTYPE1"]).strip() not in ("AWAV", "WAVE"):
        raise InputError(f"{path}: CTYPE1 = {header['CTYPE1']!r}; 'AWAV' (air) or 'WAVE' (vacuum) is needed")
    for key in ("EXPTIME", "CDELT1", "CDELT2", "GAIN", "SLITWID"):
        if not float(header[key]) > 0:
            raise InputError(f"{path}: {key} = {header[key]!r}; a positive number is needed")
    if image.shape != first[1].shape:
        raise InputError(
            f"{path}: {image.shape} pixels but {first[1].shape} in {first[0].name}; give one run"
        )
    for key in ("CRVAL1", "CDELT1", "CTYPE1", "CDELT2", "SLITPA", "SLITWID", "GAIN"):
        if header[key] != first[2][key]:
            raise InputError(
                f"{path}: {key} = {header[key]} but {first[2][key]} in {first[0].name}; frames of "
                f"one setup are needed"
            )


def _middle(path: Path, header: Mapping[str, Any]) -> float:
    try:
        start = float(ephemeris.tdb_seconds(str(header["DATE-OBS"]))[0])
    except InputError as error:
        raise InputError(f"{path}: DATE-OBS: {error}") from None
    return start + float(header["EXPTIME"]) / 2


def _mean(files: Sequence[_File], shape: tuple[int, ...], otherwise: float) -> Array:
    if not files:
        return np.full(shape, otherwise)
    for path, image, _ in files:
        if image.shape != shape:
            raise InputError(
                f"{path}: {image.shape} pixels but {shape} in the exposures; give calibrations of this run"
            )
    weights = [float(header.get("NCOMBINE", 1)) for _, _, header in files]
    return np.asarray(np.average([image.astype(float) for _, image, _ in files], axis=0, weights=weights))


def _combined(files: Sequence[_File]) -> int:
    return int(sum(float(header.get("NCOMBINE", 1)) for _, _, header in files))


def _setup(header: Mapping[str, Any]) -> Setup:
    first = (
        float(header["CRVAL1"]) + (1 - float(header.get("CRPIX1", 1))) * float(header["CDELT1"])
    ) * angstrom
    if str(header["CTYPE1"]).strip() == "WAVE":
        first = float(spectrum.air_wavelength(np.array(first)))
    return Setup(
        slit_width=float(header["SLITWID"]) * arcsec,
        slit_angle=float(header["SLITPA"]) * deg,
        row_height=float(header["CDELT2"]) * arcsec,
        wavelength=first,
        dispersion=float(header["CDELT1"]) * angstrom,
        resolution=float(header.get("SPECFWHM", 0.02)) * angstrom,
        gain=float(header["GAIN"]),
        read_noise=float(header["RDNOISE"]),
        saturation=float(header.get("SATURATE", 65535)),
        observer_x=float(header["OBSGEO-X"]),
        observer_y=float(header["OBSGEO-Y"]),
        observer_z=float(header["OBSGEO-Z"]),
        site=str(header.get("TELESCOP", "unknown")).strip(),
    )


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
