"""What a header of a long-slit frame must say, and how it is wrong."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from hesper.errors import InputError

_PLACE = ("OBSGEO-X", "OBSGEO-Y", "OBSGEO-Z")
_NEEDED = ("DATE-OBS", "EXPTIME", "CRVAL1", "CDELT1", "CTYPE1", "CUNIT1", "CDELT2", "CUNIT2", "SLITWID",
           "SLITPA", "GAIN", "RDNOISE", *_PLACE)  # fmt: skip
_POSITIVE = ("EXPTIME", "CRVAL1", "CDELT1", "CDELT2", "GAIN", "SLITWID", "SPECFWHM", "SATURATE")
_NOT_NEGATIVE = ("RDNOISE",)
_FINITE = ("SLITPA", "SLITOFF", "CRPIX1", "BIAS", *_PLACE)
_SAME = ("CRVAL1", "CRPIX1", "CDELT1", "CTYPE1", "CDELT2", "SLITPA", "SLITWID", "SPECFWHM", "GAIN", "RDNOISE",
         "SATURATE", "BIAS", *_PLACE)  # fmt: skip
"""Of the first exposure, and taken for all."""
_LOWEST, _HIGHEST = 6.35e6, 6.39e6
"""Distances of observatories from the centre of the Earth [m]."""


def check_exposure(path: Path, header: Mapping[str, Any]) -> None:
    """Refuse a header of an exposure that lacks what is needed or cannot be right.

    Raises
    ------
    InputError
        With the first keyword that is wrong, and what it may be.
    """
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
    if str(header.get("TIMESYS", "UTC")).strip().upper() != "UTC":
        raise InputError(f"{path}: TIMESYS = {header['TIMESYS']!r}; DATE-OBS is needed in UTC: convert it")
    if "T" not in str(header["DATE-OBS"]):
        raise InputError(f"{path}: DATE-OBS = {header['DATE-OBS']!r}; a date with the time is needed, in UTC")
    _check_numbers(path, header, _POSITIVE, lambda value: value > 0, "a positive number")
    _check_numbers(path, header, _NOT_NEGATIVE, lambda value: value >= 0, "a number from 0")
    _check_numbers(path, header, _FINITE, lambda value: True, "a number")
    place = [float(header[key]) for key in _PLACE]
    if not _LOWEST < math.hypot(*place) < _HIGHEST:
        raise InputError(
            f"{path}: {', '.join(_PLACE)} = {place}; a place on the ground in metres (ITRF) is needed"
        )


def check_combined(path: Path, header: Mapping[str, Any]) -> None:
    """Refuse a dark or flat frame that does not say how many it was made of."""
    _check_numbers(path, header, ("NCOMBINE",), lambda value: value >= 1, "a number from 1")


def check_same(path: Path, header: Mapping[str, Any], first_path: Path, first: Mapping[str, Any]) -> None:
    """Refuse an exposure whose setup is not that of the first one."""
    for key in _SAME:
        if header.get(key) != first.get(key):
            raise InputError(
                f"{path}: {key} = {header.get(key)} but {first.get(key)} in {first_path.name}; frames of "
                f"one setup are needed"
            )


def _check_numbers(
    path: Path, header: Mapping[str, Any], keys: tuple[str, ...], allowed: Callable[[float], bool], what: str
) -> None:  # fmt: skip
    for key in keys:
        if key not in header:
            continue
        try:
            value = float(header[key])
        except (TypeError, ValueError):
            value = math.nan
        if not math.isfinite(value) or not allowed(value):
            raise InputError(f"{path}: {key} = {header[key]!r}; {what} is needed")
