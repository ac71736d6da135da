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
    x = ((lon - west) % turn) / step - 0.5
    y = min(max((north - lat) / step - 0.5, 0.0), rows - 1.0)
    r = min(int(y), rows - 2)
    b = y - r
    if closed:
        c0 = math.floor(x) % columns
        c1 = (c0 + 1) % columns
    else:
        # What lies beyond the eastern edge may be nearer to the western one.
        if x > columns - 1.0 + 0.5 * (turn / step - columns):
            x = 0.0
        x = min(max(x, 0.0), columns - 1.0)
        c0 = min(int(x), columns - 2)
        c1 = c0 + 1
    a = x - math.floor(x) if closed else x - c0
    top = (1 - a) * values[r, c0] + a * values[r, c1]
    return float((1 - b) * top + b * ((1 - a) * values[r + 1, c0] + a * values[r + 1, c1]))


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
    for line in range(out.shape[0]):
        for sample in range(out.shape[1]):
            if not valid[line, sample]:
                out[line, sample] = np.nan
                continue
            total, other, height = 0.0, 1.0, -1.0
            for part in range(weights.size):
                x, y, z, cosine = see(float(sample), float(line), camera, positions[part], axes[part], radius)
                if cosine != cosine:
                    total = np.nan
                    break
                lon = math.atan2(y, x)
                lat = math.asin(z / radius)
                total += weights[part] * lookup(lon, lat, scene, *scene_place)
                if part != weights.size // 2:
                    continue
                # What varies slowly is looked up once, at the middle of the exposure.
                other = lookup(lon, lat, cloud, *cloud_place)
                place = min(max((cosine - limb_first) / gap, 0.0), limb.size - 1.001)
                k = int(place)
                other *= limb[k] + (place - k) * (limb[k + 1] - limb[k])
                height = (x * sun[0] + y * sun[1] + z * sun[2]) / radius
            total *= other
            if twilight > 0.0 and height > -0.3:
                excess = min((height - math.cos(TWILIGHT_INCIDENCE)) / _TWILIGHT_FALL, 12.0)
                total += twilight * _BORDER_FRACTION * math.exp(excess)
            out[line, sample] = total


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
