"""A camera over the night side: what its pixels see of a map, and pixels added to the cells of a grid."""

import math

import numpy as np

from hesper.compiled import compiled
from hesper.geometry.camera import see
from hesper.record import Array

TWILIGHT_INCIDENCE = math.radians(98.0)
"""rad; here simulated twilight is 5 % of the light of the plains."""
_TWILIGHT_FALL = 0.02
_BORDER_FRACTION = 0.05


@compiled
def lookup(lon: float, lat: float, values: Array, west: float, north: float, step: float) -> float:
    """Return a bilinear value of a longitude–latitude map; the nearest edge holds outside."""
    turn = 2 * math.pi
    rows, columns = values.shape
    closed = columns * step > turn - 0.5 * step
    x = lon - west
    x = (x - turn * math.floor(x / turn)) / step - 0.5
    y = min(max((north - lat) / step - 0.5, 0.0), rows - 1.0)
    r = min(int(y), rows - 2)
    b = y - r
    if closed:
        c0 = math.floor(x)
        a = x - c0
        c0 = c0 + columns if c0 < 0 else (c0 - columns if c0 >= columns else c0)
        c1 = c0 + 1 if c0 + 1 < columns else 0
    else:
        # What lies beyond the eastern edge may be nearer to the western one.
        if x > columns - 1.0 + 0.5 * (turn / step - columns):
            x = 0.0
        x = min(max(x, 0.0), columns - 1.0)
        c0 = min(int(x), columns - 2)
        c1 = c0 + 1
        a = x - c0
    top = (1 - a) * values[r, c0] + a * values[r, c1]
    return float((1 - b) * top + b * ((1 - a) * values[r + 1, c0] + a * values[r + 1, c1]))


@compiled
def _add_looked_up(
    lon: Array, lat: Array, values: Array, place: tuple[float, float, float], weight: float, total: Array
) -> None:
    """Add a map's values at points (point,), those with NaN left out; a loop of its own is twice as fast."""
    west, north, step = place
    for k in range(total.size):
        if lon[k] == lon[k]:
            total[k] += weight * lookup(lon[k], lat[k], values, west, north, step)


@compiled
def _near(x: float, y: float, z: float, known: Array, k: int) -> tuple[float, float]:
    """Return longitude and latitude of a point of the unit sphere near a known one.

    The known one, a column of (5, point), is x, y, z, longitude and latitude. Series of the arcs of tangent
    and sine of the differences, to 1e-12 for those below 0.03; the functions themselves otherwise.
    """
    x0, y0, z0 = known[0, k], known[1, k], known[2, k]
    along = x0 * x + y0 * y
    t = (x0 * y - y0 * x) / along
    s = z * math.sqrt(x0 * x0 + y0 * y0) - z0 * math.sqrt(x * x + y * y)
    if not (along > 0.0 and abs(t) < 0.03 and abs(s) < 0.03):
        return math.atan2(y, x), math.asin(z)
    p, q = t * t, s * s
    lon = known[3, k] + t * (1 - p * (1 / 3 - p * (1 / 5 - p / 7)))
    lat = known[4, k] + s * (1 + q * (1 / 6 + q * (3 / 40 + q * 15 / 336)))
    return lon, lat


@compiled
def expose(
    positions: Array, axes: Array, weights: Array, camera: tuple[float, float, float], radius: float,
    scene: Array, scene_place: tuple[float, float, float], cloud: Array,
    cloud_place: tuple[float, float, float], limb: Array, limb_first: float, sun: Array, twilight: float,
    valid: Array, out: Array,
) -> None:  # fmt: skip
    """Fill an image (line, sample) with the mean of a few sub-exposures; NaN off the disk or the field.

    Parameters
    ----------
    positions, axes, weights
        Of the sub-exposures: (part, 3) [m], (part, 3, 3), (part,).
    scene, cloud
        Maps of radiance toward the zenith and of cloud transparency, each with (west, north, step) [rad].
    limb, limb_first
        Limb law at cosines spaced evenly from `limb_first` to 1.
    sun
        Unit vector (3,).
    twilight
        Radiance at 5 % of which `TWILIGHT_INCIDENCE` is lit.
    """
    gap = (1.0 - limb_first) / (limb.size - 1)
    lines, samples = out.shape
    middle = weights.size // 2
    seen, cosines = np.empty((5, samples)), np.empty(samples)
    lon, lat, total, through = np.empty(samples), np.empty(samples), np.empty(samples), np.empty(samples)
    for line in range(lines):
        for sample in range(samples):
            total[sample] = 0.0 if valid[line, sample] else np.nan
            through[sample] = 0.0
        for step in range(weights.size):
            # The middle first: the angles of the other moments follow from its own.
            part = (middle + step) % weights.size
            position, axis = positions[part], axes[part]
            for sample in range(samples):
                lon[sample] = np.nan
                if total[sample] != total[sample]:
                    continue
                x, y, z, cosine = see(float(sample), float(line), camera, position, axis, radius)
                if cosine != cosine:
                    total[sample] = np.nan
                    continue
                x, y, z = x / radius, y / radius, z / radius
                if step == 0:
                    lon[sample], lat[sample] = math.atan2(y, x), math.asin(z)
                    seen[0, sample], seen[1, sample], seen[2, sample] = x, y, z
                    seen[3, sample], seen[4, sample] = lon[sample], lat[sample]
                    cosines[sample] = cosine
                else:
                    lon[sample], lat[sample] = _near(x, y, z, seen, sample)
            _add_looked_up(lon, lat, scene, scene_place, weights[part], total)
            if step == 0:
                # What varies slowly is looked up once, at the middle of the exposure.
                _add_looked_up(lon, lat, cloud, cloud_place, 1.0, through)
        for sample in range(samples):
            out[line, sample] = total[sample]
            if total[sample] != total[sample]:
                continue
            place = min(max((cosines[sample] - limb_first) / gap, 0.0), limb.size - 1.001)
            k = int(place)
            law = limb[k] + (place - k) * (limb[k + 1] - limb[k])
            light = total[sample] * through[sample] * law
            height = seen[0, sample] * sun[0] + seen[1, sample] * sun[1] + seen[2, sample] * sun[2]
            if twilight > 0.0 and height > -0.3:
                excess = min((height - math.cos(TWILIGHT_INCIDENCE)) / _TWILIGHT_FALL, 12.0)
                light += twilight * _BORDER_FRACTION * math.exp(excess)
            out[line, sample] = light


@compiled
def _is_alone(values: Array, line: int, sample: int, hot: float) -> bool:
    """Tell whether a pixel differs by a part `hot` from all its neighbours but one, or has fewer than three.

    Two hot pixels may lie side by side; three do not.
    """
    value, n = values[line, sample], 0
    low, lower, high, higher = np.inf, np.inf, -np.inf, -np.inf
    for i in range(max(line - 1, 0), min(line + 2, values.shape[0])):
        for j in range(max(sample - 1, 0), min(sample + 2, values.shape[1])):
            other = values[i, j]
            if (i == line and j == sample) or other != other:
                continue
            n += 1
            if other > higher:
                high, higher = higher, other
            elif other > high:
                high = other
            if other < lower:
                low, lower = lower, other
            elif other < low:
                low = other
    return bool(n < 3 or value > high + hot * abs(high) or value < low - hot * abs(low))


@compiled
def _turn(point: tuple[float, float], edges: Array, c: int) -> int:
    """Return the column (edges (column + 1, 2): cosine and sine) of a point (x, y), searched from column c.

    Neighbouring pixels lie in neighbouring columns: no arc tangent is needed.
    """
    columns = edges.shape[0] - 1
    x, y = point
    while edges[c, 0] * y < edges[c, 1] * x:
        c = c - 1 if c > 0 else columns - 1
    while edges[c + 1, 0] * y >= edges[c + 1, 1] * x:
        c = c + 1 if c + 1 < columns else 0
    return c


@compiled
def add_pixels(
    values: Array, camera: tuple[float, float, float], position: Array, axes: Array, radius: float,
    sun: Array, least_cosine: float, highest_sun: float, hot: float, limb: Array, limb_first: float,
    centre: float, half: float, parts: int, rows: Array, columns: Array, sums: Array, order: Array,
) -> int:  # fmt: skip
    """Add the pixels of an image to the cells of a map of the planet, its limb darkening divided out.

    Parameters
    ----------
    values
        (line, sample), NaN where not valid.
    sun, highest_sun
        Unit vector (3,); pixels with a larger cosine of incidence are twilight.
    hot
        Isolated pixels that differ by this part from all their neighbours are left out.
    centre, half
        Field coordinates are (pixel − centre)/half.
    parts
        Every pixel counts as parts × parts smaller ones of its value, so that small cells have no holes.
    rows, columns
        Edges of the cells: sines of latitude from +∞ to −∞ (row + 1,); cosine and sine of longitude from
        0 eastward to 2π (column + 1, 2).
    sums
        (row, column, 4): values, x, y, n; all 0.
    order
        (cell,), filled with the index of the cells in the order they were met.

    Returns
    -------
    int
        How many cells were met.
    """
    lines, samples = values.shape
    met, r, c = 0, 0, 0
    gap = (1.0 - limb_first) / (limb.size - 1)
    for line in range(lines):
        for sample in range(samples):
            value = values[line, sample]
            if value != value:
                continue
            # Few pixels differ from a neighbour in their line: only those are looked at closely.
            left = values[line, sample - 1] if sample > 0 else value
            right = values[line, sample + 1] if sample + 1 < samples else value
            near = hot * abs(value)
            if not (abs(value - left) <= near and abs(value - right) <= near) and _is_alone(
                values, line, sample, hot
            ):
                continue
            for p in range(parts):
                for q in range(parts):
                    u = sample + (q + 0.5) / parts - 0.5
                    v = line + (p + 0.5) / parts - 0.5
                    x, y, z, cosine = see(u, v, camera, position, axes, radius)
                    if not cosine >= least_cosine:
                        continue
                    if x * sun[0] + y * sun[1] + z * sun[2] > highest_sun * radius:
                        continue
                    sine = z / radius
                    while sine > rows[r]:
                        r -= 1
                    while sine <= rows[r + 1]:
                        r += 1
                    c = _turn((x, y), columns, c)
                    place = min(max((cosine - limb_first) / gap, 0.0), limb.size - 1.001)
                    k = int(place)
                    law = limb[k] + (place - k) * (limb[k + 1] - limb[k])
                    if sums[r, c, 3] == 0.0:
                        order[met] = r * (columns.shape[0] - 1) + c
                        met += 1
                    sums[r, c, 0] += value / law
                    sums[r, c, 1] += (u - centre) / half
                    sums[r, c, 2] += (v - centre) / half
                    sums[r, c, 3] += 1.0
    return met


@compiled
def take_cells(sums: Array, order: Array, met: int, out: Array) -> None:
    """Write the means of the cells met to out (4, cell): value, x, y, n; set the sums back to 0."""
    columns = sums.shape[1]
    for m in range(met):
        r, c = order[m] // columns, order[m] % columns
        n = sums[r, c, 3]
        for k in range(3):
            out[k, m] = sums[r, c, k] / n
        out[3, m] = n
        for k in range(4):
            sums[r, c, k] = 0.0
