"""The disk of Venus through a slit: where light comes from and how fast it seems to move.

Sky-plane coordinates are angles [rad] from the centre of the disk: x across the slit, sunward; y along
the slit. Velocities are positive receding, winds relative to the inertial centre of the planet.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from hesper.compiled import compiled
from hesper.constants import SPEED_OF_LIGHT, SUN_RADIUS
from hesper.ephemeris import Viewing
from hesper.errors import InputError
from hesper.geometry import doppler, sphere, young
from hesper.record import Array
from hesper.units import arcsec, deg
from hesper.winds import model_spectrum as spectrum

SUBSAMPLES = 3
"""Of a pixel of a disk's picture, along each axis, for the share of it that the limb and terminator cut."""
_YOUNG_EXACT_FROM = math.cos(80 * deg)


class Aspect(NamedTuple):
    """How the disk is turned toward the observer, the Sun and the slit; vectors (3,) in the body frame."""

    to_observer: Array
    to_sun: Array
    across: Array
    """Sky-plane direction of +x."""
    along: Array
    """Sky-plane direction of +y, that of increasing detector rows."""
    angular_radius: float
    """Of the sphere that scatters [rad]."""
    radius: float
    """Of the sphere that scatters [m]."""
    observer_rate: Array
    """d(to_observer)/dt in inertial axes [rad s-1]."""
    direction_rate: Array
    """d(to_observer)/dt + d(to_sun)/dt in inertial axes [rad s-1]."""
    sun_axis: Array
    sun_angular_radius: float
    """Of the Sun seen from Venus [rad]."""
    sun_limb_speed: float
    """Of the Sun's equatorial limb seen from Venus [m s-1]."""


class Points(NamedTuple):
    """Points of the disk: NaN off it."""

    normal: Array
    """(..., 3)."""
    lon: Array
    lat: Array
    cos_incidence: Array
    cos_emission: Array


class Pictures(NamedTuple):
    """What a slit sees of the disk, tabulated over seeing and the photometric exponent.

    The first column is the brightness, the others brightness times velocity fields.
    """

    start: float
    """Coordinate x and y of the first sample [rad]."""
    step: float
    """[rad]."""
    seeing: Array
    """Full width at half maximum (seeing,) [rad]."""
    exponent: Array
    """(exponent,)."""
    table: Array
    """(exponent, seeing, x, y, column)."""


WindField = Callable[[Points, Aspect], Array]
"""Eastward, northward, upward velocity [m s-1] → vectors (..., 3); a field of unit amplitude."""
Scattering = Callable[[Array, Array, float], Array]
"""Cosines of incidence and emission, and an exponent → brightness."""


def aspect(view: Viewing, *, slit_angle: float, radius: float) -> Aspect:
    """Return how the disk lies behind the slit in the middle of a run.

    Parameters
    ----------
    view
        At two times or more, whose differences give the rates.
    slit_angle
        Position angle of increasing rows on the sky, north through east [rad].
    radius
        Of the scattering sphere [m].

    Raises
    ------
    InputError
        If there is only one time, or all are equal.
    """
    if view.time.size < 2 or np.ptp(view.time) <= 0:
        raise InputError(
            "aspect: one time given; two or more are needed for the rates of the lines of sight: "
            "give the viewing of all frames, or of start and end"
        )
    inverse = np.swapaxes(view.body_axes, 1, 2)
    rates = [
        _mean_rate(view.time, np.einsum("tij,tj->ti", inverse, direction))
        for direction in (view.to_observer, view.to_sun)
    ]
    middle = view.time.size // 2
    body = view.body_axes[middle]
    to_observer, to_sun = view.to_observer[middle], view.to_sun[middle]
    axes = sphere.local_axes(view.ra[middle], view.dec[middle])
    slit = body @ (math.cos(slit_angle) * axes.north + math.sin(slit_angle) * axes.east)
    along = sphere.normalized(slit - np.dot(slit, to_observer) * to_observer)
    across = np.cross(along, to_observer)
    if np.dot(across, to_sun) < 0:
        across = -across
    sun_distance = float(view.sun_distance[middle])
    sun_axis = sphere.unit_vector(young.SUN_AXIS_RA_DEC[0] * deg, young.SUN_AXIS_RA_DEC[1] * deg)
    return Aspect(
        to_observer=to_observer,
        to_sun=to_sun,
        across=across,
        along=along,
        angular_radius=float(np.arcsin(radius / view.distance[middle])),
        radius=radius,
        observer_rate=body @ rates[0],
        direction_rate=body @ (rates[0] + rates[1]),
        sun_axis=body @ sun_axis,
        sun_angular_radius=SUN_RADIUS / sun_distance,
        sun_limb_speed=young.limb_velocity(
            SUN_RADIUS, sun_distance, float(np.linalg.norm(rates[1])) * sun_distance
        ),
    )


def shifts(view: Viewing) -> spectrum.Shifts:
    """Return the mean shifts of a run in the absence of wind."""
    return spectrum.Shifts(
        float(view.reflected_shift.mean()),
        float(view.venus_observer_rate.mean() / SPEED_OF_LIGHT),
        float(view.sky_shift.mean()),
    )


def line_shift(view: Viewing, line: str) -> Array:
    """Return λ/λ0 − 1 (time,) of "reflected" or "emitted" lines from the centre of the planet."""
    return {"reflected": view.reflected_shift, "emitted": view.venus_observer_rate / SPEED_OF_LIGHT}[line]


def terminator_angle(view: Viewing) -> float:
    """Return the position angle [rad] of a slit along the terminator in mid-run, rows running south."""
    middle = view.time.size // 2
    to_observer, to_sun = view.to_observer[middle], view.to_sun[middle]
    along = np.cross(to_observer, to_sun - np.dot(to_sun, to_observer) * to_observer)
    if along[2] > 0:
        along = -along
    direction = sphere.unit_vector(view.ra[middle], view.dec[middle])
    return float(sphere.position_angle(direction, view.body_axes[middle].T @ along))


def _mean_rate(time: Array, direction: Array) -> Array:
    t = time - time.mean()
    return np.asarray(t @ (direction - direction.mean(axis=0)) / (t @ t))


def points(view: Aspect, x: Array, y: Array) -> Points:
    """Return what lies at sky-plane coordinates x, y [rad] that broadcast."""
    a, b = np.broadcast_arrays(np.asarray(x) / view.angular_radius, np.asarray(y) / view.angular_radius)
    with np.errstate(invalid="ignore"):
        depth = np.sqrt(1 - a**2 - b**2)
    normal = a[..., None] * view.across + b[..., None] * view.along + depth[..., None] * view.to_observer
    place = sphere.lon_lat(normal)
    return Points(normal, place.lon, place.lat, normal @ view.to_sun, depth)


def minnaert(cos_incidence: Array, cos_emission: Array, exponent: float) -> Array:
    """Return the brightness max(μ0, 0)^k μ^(k−1) of Minnaert's law; k = 1 is Lambert's."""
    lit = np.clip(cos_incidence, 0, None)
    return np.asarray(lit**exponent * np.clip(cos_emission, 1e-3, None) ** (exponent - 1))


def lommel_seeliger(cos_incidence: Array, cos_emission: Array, exponent: float) -> Array:
    """Return the brightness μ0^k / (μ0 + μ), for k = 1 the law of Lommel and Seeliger."""
    lit = np.clip(cos_incidence, 0, None)
    return np.asarray(lit**exponent / np.maximum(lit + np.clip(cos_emission, 0, None), 1e-6))


SCATTERING: dict[str, Scattering] = {"minnaert": minnaert, "lommel-seeliger": lommel_seeliger}
"""Scattering laws by the names of recipes."""


def local_exponent(scattering: str, place: Points, exponent: float) -> Array:
    """Return d ln B/d ln μ0, on which the Young effect depends, at points of a named scattering law."""
    if scattering == "minnaert":
        return np.full_like(place.cos_incidence, exponent)
    lit = np.clip(place.cos_incidence, 0, None)
    return np.asarray(exponent - lit / np.maximum(lit + place.cos_emission, 1e-6))


def uniform(place: Points, view: Aspect) -> Array:
    """Return the eastward wind 1 at every latitude."""
    return doppler.wind_vector(place.lon, place.lat, np.ones_like(place.lat))


def cosine(place: Points, view: Aspect) -> Array:
    """Return the eastward wind cos(lat), which is solid-body rotation."""
    return doppler.wind_vector(place.lon, place.lat, np.cos(place.lat))


def constant_then_rigid(place: Points, view: Aspect) -> Array:
    """Return the eastward wind 1 up to 50° of latitude, constant angular velocity beyond (Peralta 2007)."""
    profile = np.minimum(1.0, np.cos(place.lat) / np.cos(50 * deg))
    return doppler.wind_vector(place.lon, place.lat, profile)


def jet(centre: float, width: float) -> WindField:
    """Return the field of a Gaussian eastward jet at ± a latitude [rad] with a standard deviation [rad]."""

    def field(place: Points, view: Aspect) -> Array:
        profile = np.exp(-0.5 * ((np.abs(place.lat) - centre) / width) ** 2)
        return doppler.wind_vector(place.lon, place.lat, profile)

    return field


def band(south: float, north: float) -> WindField:
    """Return the eastward wind 1 between two latitudes [rad] and 0 elsewhere."""

    def field(place: Points, view: Aspect) -> Array:
        inside = ((place.lat >= south) & (place.lat < north)).astype(float)
        return doppler.wind_vector(place.lon, place.lat, inside)

    return field


def poleward(place: Points, view: Aspect) -> Array:
    """Return the poleward wind sin(2 |lat|), the upper branch of a Hadley cell."""
    zero = np.zeros_like(place.lat)
    return doppler.wind_vector(place.lon, place.lat, zero, np.sin(2 * place.lat))


def antisolar(place: Points, view: Aspect) -> Array:
    """Return the flow away from the sub-solar point, sin(solar zenith angle)."""
    speed = np.sqrt(np.clip(1 - place.cos_incidence**2, 0, None))
    return doppler.antisolar_flow(place.lon, place.lat, speed, view.to_sun)


def upward(place: Points, view: Aspect) -> Array:
    """Return the upward wind 1 everywhere."""
    zero = np.zeros_like(place.lat)
    return doppler.wind_vector(place.lon, place.lat, zero, zero, np.ones_like(place.lat))


FIELDS: dict[str, WindField] = {
    "uniform": uniform,
    "cosine": cosine,
    "constant-angular-velocity": constant_then_rigid,
    "jet": jet(45 * deg, 8 * deg),
    "meridional": poleward,
    "antisolar": antisolar,
    "vertical": upward,
}
"""Wind fields of unit amplitude by the names of recipes."""


def reflected(field: WindField, place: Points, view: Aspect) -> Array:
    """Return the apparent velocity of a reflected solar line for a wind field: both legs."""
    return doppler.reflected_velocity(field(place, view), view.to_sun, view.to_observer)


def emitted(field: WindField, place: Points, view: Aspect) -> Array:
    """Return the apparent velocity of one of Venus's own lines for a wind field: one leg."""
    return doppler.emitted_velocity(field(place, view), view.to_observer)


def reflected_parallax(place: Points, view: Aspect) -> Array:
    """Return what the motion of the planet's centre adds away from the centre: −R n·(dê/dt + dî/dt) [m s-1].

    The lines of sight to the Sun and to the observer differ across the disk; with the transverse motions this
    is some metres per second from limb to limb, and exactly known.
    """
    return np.asarray(-view.radius * (place.normal @ view.direction_rate))


def emitted_parallax(place: Points, view: Aspect) -> Array:
    """Return the parallax velocity of Venus's own lines, −R n·dê/dt [m s-1]: the observer's leg alone."""
    return np.asarray(-view.radius * (place.normal @ view.observer_rate))


def young_velocity(place: Points, view: Aspect, exponent: Array | float) -> Array:
    """Return the Young effect [m s-1], 0 on the night side.

    Parameters
    ----------
    exponent
        k of brightness ∝ (cos incidence)^k, a number or one for each point.

    Notes
    -----
    Up to 80° from the sub-solar point V = k K n·p/(n·i), which there deviates from the integral over the
    solar disk by less than (ρ tan ζ)² = 0.1 %; beyond, the integral, tabulated over k where k varies.
    """
    small = young.coefficient(view.sun_angular_radius, view.sun_limb_speed, 0.6)
    axis = sphere.normalized(np.cross(view.sun_axis, -view.to_sun))
    k = np.broadcast_to(np.asarray(exponent, float), place.cos_incidence.shape)
    high = place.cos_incidence > _YOUNG_EXACT_FROM
    low = (place.cos_incidence > 0) & ~high
    out = np.zeros_like(place.cos_incidence)
    out[high] = k[high] * small * (place.normal[high] @ axis) / place.cos_incidence[high]
    if low.any():
        nodes = np.unique(k[low]) if np.ptp(k[low]) == 0 else np.linspace(k[low].min(), k[low].max(), 6)
        curves = np.array([_young_integral(place.normal[low], view, float(node)) for node in nodes])
        out[low] = _between(nodes, curves, k[low])
    return out


def _young_integral(normal: Array, view: Aspect, exponent: float) -> Array:
    return young.young_velocity(
        normal, view.to_sun, view.sun_axis,
        angular_radius=view.sun_angular_radius, limb_speed=view.sun_limb_speed, exponent=exponent,
    )  # fmt: skip


def _between(nodes: Array, curves: Array, at: Array) -> Array:
    """Interpolate curves (node, point) at one abscissa for each point, linearly."""
    if nodes.size == 1:
        return np.asarray(curves[0])
    place = np.clip((at - nodes[0]) / (nodes[1] - nodes[0]), 0, nodes.size - 1 - 1e-12)
    i = place.astype(int)
    index = np.arange(at.size)
    return np.asarray(curves[i, index] + (place - i) * (curves[i + 1, index] - curves[i, index]))


def bisector(view: Aspect) -> sphere.LonLat:
    """Return where the bisector of the directions to the Sun and to the observer meets the sphere."""
    return sphere.lon_lat(view.to_sun + view.to_observer)


def phase(view: Aspect) -> float:
    """Return the phase angle [rad]."""
    return float(sphere.separation(view.to_sun, view.to_observer))


def chord(x: Array, view: Aspect) -> Array:
    """Return the length C [rad] of the lit part of the slit at positions x, for a slit along the terminator.

    Sunward of the centre C = 2√(R² − x²); darkward, for phases below 90°, the terminator cuts:
    2R√(1 − (x/(R cos φ))²). Beyond 90° the chord has two parts where x < R |cos φ|: their sum is returned.
    """
    radius, cosine = view.angular_radius, math.cos(phase(view))
    x = np.asarray(x, float)
    with np.errstate(invalid="ignore"):
        limb = np.sqrt(np.clip(radius**2 - x**2, 0, None))
        shadow = np.sqrt(np.clip(radius**2 - (x / cosine) ** 2, 0, None))
    if cosine >= 0:
        return np.asarray(2 * np.where(x >= 0, limb, np.where(x >= -radius * cosine, shadow, 0.0)))
    return np.asarray(2 * np.where(x >= 0, limb - shadow, 0.0))


def slit_position(length: Array, view: Aspect) -> tuple[Array, Array]:
    """Return the sunward and the darkward position x [rad] of a chord (phases below 90°).

    x₊ = ½√(D² − C²), x₋ = −cos φ · ½√(D² − C²): the answer is two-fold.
    """
    half = np.sqrt(np.clip(view.angular_radius**2 - (np.asarray(length) / 2) ** 2, 0, None))
    return half, -math.cos(phase(view)) * half


def gaussian_transfer(frequency: Array, fwhm: float) -> Array:
    """Return the transfer function of Gaussian seeing at spatial frequencies [rad-1]."""
    sigma = fwhm / math.sqrt(8 * math.log(2))
    return np.asarray(np.exp(-2 * (np.pi * sigma * frequency) ** 2))


def moffat_transfer(frequency: Array, fwhm: float) -> Array:
    """Return the transfer function of Moffat seeing with β = 3: ½ z² K₂(z), z = 2π α f."""
    from scipy.special import kv

    alpha = fwhm / (2 * math.sqrt(2 ** (1 / 3) - 1))
    z = np.maximum(2 * np.pi * alpha * frequency, 1e-6)
    return np.asarray(np.where(z < 600, 0.5 * z**2 * kv(2, np.minimum(z, 600)), 0.0))


TRANSFER: dict[str, Callable[[Array, float], Array]] = {
    "gaussian": gaussian_transfer,
    "moffat": moffat_transfer,
}
"""Shapes of the seeing by the names of recipes."""


def pictures(
    view: Aspect,
    columns: Sequence[Callable[[Points, float], Array]],
    *,
    scattering: Scattering,
    transfer: Callable[[Array, float], Array],
    seeing: Array,
    exponent: Array,
    slit: float,
    pixel: float,
    step: float = 0.1 * arcsec,
) -> Pictures:
    """Return the disk and brightness-weighted velocities, blurred by seeing, slit width and row height.

    Parameters
    ----------
    columns
        Functions of points and photometric exponent that give velocities [m s-1].
    seeing, exponent
        Nodes: full widths [rad] (seeing,) and exponents (exponent,).
    slit, pixel
        Width of the slit (along x) and height of a row (along y) [rad].
    step
        Sampling of the table [rad].

    Notes
    -----
    The brightness is relative to its mean over the lit part of the disk. What reaches a row at (x, y) is
    table/… of the first column; a flux-weighted velocity is another column divided by the first.
    """
    radius = view.angular_radius
    half = math.ceil((radius + 2.0 * float(np.max(seeing)) + slit + 1.0 * arcsec) / step)
    side = 2 * half + 1
    sub = (np.arange(side * SUBSAMPLES) - (side * SUBSAMPLES - 1) / 2) * (step / SUBSAMPLES)
    place = points(view, sub[:, None], sub[None, :])
    lit = (place.cos_emission > 0) & (place.cos_incidence > 0)
    inside = Points(*(np.ascontiguousarray(part[lit]) for part in place))
    size = 1 << (side + int(4 * float(np.max(seeing)) / step)).bit_length()
    fx = np.fft.fftfreq(size, step)[:, None]
    fy = np.fft.rfftfreq(size, step)[None, :]
    # The mean over subsamples is itself a small box, whose transfer is divided out.
    window = np.sinc(fx * slit) * np.sinc(fy * pixel) / (np.sinc(fx * step) * np.sinc(fy * step))
    table = np.empty((len(exponent), len(seeing), side, side, len(columns) + 1))
    for k, power in enumerate(exponent):
        light = scattering(inside.cos_incidence, inside.cos_emission, float(power))
        light = light / light.mean()
        values = [light] + [light * column(inside, float(power)) for column in columns]
        for c, value in enumerate(values):
            fine = np.zeros(lit.shape)
            fine[lit] = value
            coarse = fine.reshape(side, SUBSAMPLES, side, SUBSAMPLES).mean(axis=(1, 3))
            transformed = np.fft.rfft2(coarse, s=(size, size)) * window
            for s, width in enumerate(seeing):
                blurred = transformed * transfer(np.hypot(fx, fy), float(width))
                table[k, s, :, :, c] = np.fft.irfft2(blurred, s=(size, size))[:side, :side]
    return Pictures(-half * step, step, np.asarray(seeing, float), np.asarray(exponent, float), table)


def look(table: Pictures, x: Array, y: Array, seeing: Array | float, exponent: Array | float) -> Array:
    """Return what the slit sees (..., column) at positions x, y [rad], seeing [rad] and exponent."""
    parts = np.broadcast_arrays(*(np.asarray(v, float) for v in (x, y, seeing, exponent)))
    first, second, third, fourth = (np.ascontiguousarray(part).ravel() for part in parts)
    out = np.empty((first.size, table.table.shape[-1]))
    look_up(*table, first, second, third, fourth, out)
    return out.reshape(*parts[0].shape, -1)


@compiled
def _weights(nodes: Array, value: float) -> tuple[int, float, float, float, float]:
    """Return the first of four nodes round a value and the weights of the cubic through them."""
    n = nodes.size
    if n == 1:
        return 0, 1.0, 0.0, 0.0, 0.0
    i = 0
    while i < n - 4 and value > nodes[i + 2]:
        i += 1
    a, b, c, d = nodes[i], nodes[i + 1], nodes[i + 2], nodes[i + 3]
    wa = (value - b) * (value - c) * (value - d) / ((a - b) * (a - c) * (a - d))
    wb = (value - a) * (value - c) * (value - d) / ((b - a) * (b - c) * (b - d))
    wc = (value - a) * (value - b) * (value - d) / ((c - a) * (c - b) * (c - d))
    wd = (value - a) * (value - b) * (value - c) / ((d - a) * (d - b) * (d - c))
    return i, wa, wb, wc, wd


@compiled
def _axis_weights(place: float, size: int) -> tuple[int, float, float, float, float]:
    """Return the first of four samples round a place and the weights of the cubic through them."""
    i = math.floor(place) - 1
    if i < 0:
        i = 0
    elif i > size - 4:
        i = size - 4
    t = place - i - 1
    return (
        i,
        -t * (t - 1) * (t - 2) / 6,
        (t + 1) * (t - 1) * (t - 2) / 2,
        -(t + 1) * t * (t - 2) / 2,
        (t + 1) * t * (t - 1) / 6,
    )


@compiled
def look_up(
    start: float, step: float, seeing_nodes: Array, exponent_nodes: Array, table: Array,
    x: Array, y: Array, seeing: Array, exponent: Array, out: Array,
) -> None:  # fmt: skip
    """Fill `out` (point, column) from `Pictures`: cubic along four axes, 0 outside; ≥ 4 nodes or 1."""
    columns = table.shape[4]
    for n in range(x.size):
        out[n] = 0.0
        px, py = (x[n] - start) / step, (y[n] - start) / step
        if px < 0 or py < 0 or px > table.shape[2] - 1 or py > table.shape[3] - 1:
            continue
        ix, wx0, wx1, wx2, wx3 = _axis_weights(px, table.shape[2])
        iy, wy0, wy1, wy2, wy3 = _axis_weights(py, table.shape[3])
        js, ws0, ws1, ws2, ws3 = _weights(seeing_nodes, seeing[n])
        jk, wk0, wk1, wk2, wk3 = _weights(exponent_nodes, exponent[n])
        wx, wy = (wx0, wx1, wx2, wx3), (wy0, wy1, wy2, wy3)
        ws, wk = (ws0, ws1, ws2, ws3), (wk0, wk1, wk2, wk3)
        for k in range(4):
            if wk[k] == 0.0:
                continue
            for s in range(4):
                if ws[s] == 0.0:
                    continue
                for i in range(4):
                    w = wk[k] * ws[s] * wx[i]
                    for j in range(4):
                        part = w * wy[j]
                        for c in range(columns):
                            out[n, c] += part * table[jk + k, js + s, ix + i, iy + j, c]
