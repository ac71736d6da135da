"""Models of the rotation of Venus."""

from typing import NamedTuple

from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.record import Array
from hesper.units import day, deg


class Rotation(NamedTuple):
    """A model of the rotation of Venus: pole and prime meridian in the ICRF."""

    name: str
    pole_ra: float
    """rad."""
    pole_dec: float
    """rad."""
    meridian: float
    """W at J2000 [rad]."""
    rate: float
    """dW/dt [rad s-1]."""
    source: str


ROTATIONS = {
    model.name: model
    for model in (
        Rotation("IAU", 272.76 * deg, 67.16 * deg, 160.20 * deg, -1.4813688 * deg / day,
                 "IAU WGCCRE 2009 (Archinal et al. 2011), PCK00010"),
        Rotation("Margot 2021", 272.73911 * deg, 67.15105 * deg, 160.20 * deg, -360 * deg / (243.0226 * day),
                 "Margot et al. 2021, Nature Astronomy; pole at J2000, mean period 2006-2020, W0 of the IAU"),
    )
}  # fmt: skip


def find_rotation(name: str) -> Rotation:
    """Return a rotation model by name; InputError lists the names."""
    if name not in ROTATIONS:
        raise InputError(f"rotation '{name}': unknown model; known: {', '.join(ROTATIONS)}")
    return ROTATIONS[name]


def body_axes_at(model: Rotation, tdb: Array) -> Array:
    """Return the rotations (time, 3, 3) from the ICRF to the body frame at TDB seconds since J2000."""
    return sphere.body_axes(model.pole_ra, model.pole_dec, model.meridian + model.rate * tdb)
