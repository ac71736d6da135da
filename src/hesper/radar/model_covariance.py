"""What several receivers measure of one delay–Doppler cell: its covariance, its likelihood and their bound.

A cell gathers the echoes of two patches, mirrored at the Doppler equator. The voltages of M receivers are
circular Gaussian with the covariance

    C = Σ_j s_j (a_j a_jᴴ ∘ Q_j) + 1,   a_jm = √g_m exp(−i κ_m·r_j),

s_j being the power of patch j (north, south) over the noise of the first receiver, g_m the gain of
receiver m in the same sense and Q_j the factor by which the extent of the cell on the ground weakens and
turns the phase between two receivers. Altitude h moves a patch to y = √(y0² + 2Rh + h²).

Statistics of a cycle are packed as M powers, then real and imaginary part of every pair m < n of V_m V_n*.
"""

import math

import numpy as np

from hesper.compiled import compiled
from hesper.record import Array

LEAST_NORTH = 0.3
"""A patch is never taken to lie nearer to the Doppler equator than this part of its distance at h = 0."""


@compiled
def place_of(y0: float, altitude: float, radius: float) -> float:
    """Return y [m] of a patch at an altitude [m], y0 being its distance at altitude 0."""
    return math.sqrt(max(y0 * y0 + 2.0 * radius * altitude + altitude * altitude, (LEAST_NORTH * y0) ** 2))


@compiled
def information_pair(
    theta: Array, data: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array,
    radius: float, score: Array, fisher: Array,
) -> float:  # fmt: skip
    """Add score and Fisher information of two receivers to arrays; return the log-likelihood.

    Parameters
    ----------
    theta
        s_N, s_S, h_N [m], h_S [m].
    data
        (cycle, 4): |V1|², |V2|², real and imaginary part of V1 V2*, means over n looks, noise 1.
    n
        Looks of each cycle, (cycle,); 0 leaves it out.
    q
        (cycle, side, pair).
    kxx, ky, y0
        κx x (cycle, pair) [rad], κy (cycle, pair) [rad m-1] and |y| at h = 0 (cycle,) [m].
    gain
        (2,), the first is 1.
    score, fisher
        (4,) and (4, 4), set to zero here.

    Notes
    -----
    −l = Σ n (ln det C + tr C⁻¹S); score_a = Σ n tr C⁻¹(S − C)C⁻¹ ∂_aC; F_ab = Σ n tr C⁻¹∂_aC C⁻¹∂_bC.
    """
    score[:] = 0.0
    fisher[:, :] = 0.0
    total = 0.0
    g = gain[1]
    root = math.sqrt(g)
    for c in range(n.size):
        if n[c] <= 0.0:
            continue
        yn = place_of(y0[c], theta[2], radius)
        ys = place_of(y0[c], theta[3], radius)
        pn = kxx[c, 0] + ky[c, 0] * yn
        ps = kxx[c, 0] - ky[c, 0] * ys
        rn = root * q[c, 0, 0] * complex(math.cos(pn), math.sin(pn))
        rs = root * q[c, 1, 0] * complex(math.cos(ps), math.sin(ps))
        hn = 1j * (theta[0] * ky[c, 0] * (radius + theta[2]) / yn) * rn
        hs = -1j * (theta[1] * ky[c, 0] * (radius + theta[3]) / ys) * rs
        s = theta[0] + theta[1]
        c11 = s + 1.0
        c22 = g * s + 1.0
        c12 = theta[0] * rn + theta[1] * rs
        size = c12.real * c12.real + c12.imag * c12.imag
        det = c11 * c22 - size
        p, r, w = c22 / det, c11 / det, -c12 / det
        ww = size / (det * det)
        x = complex(data[c, 2], data[c, 3])
        e1, e2, eo = data[c, 0] - c11, data[c, 1] - c22, x - c12
        total -= n[c] * (math.log(det) + p * data[c, 0] + r * data[c, 1] + 2.0 * (w.conjugate() * x).real)
        cross = 2.0 * (eo * w.conjugate()).real
        f1 = n[c] * (p * p * e1 + p * cross + ww * e2)
        f2 = n[c] * (ww * e1 + r * cross + r * r * e2)
        fo = n[c] * (p * w * e1 + w * w * eo.conjugate() + p * r * eo + r * w * e2)
        for a in range(4):
            oa = rn if a == 0 else rs if a == 1 else hn if a == 2 else hs
            d1 = 1.0 if a < 2 else 0.0
            d2 = g if a < 2 else 0.0
            score[a] += f1 * d1 + f2 * d2 + 2.0 * (fo * oa.conjugate()).real
            cross = 2.0 * (oa * w.conjugate()).real
            g1 = p * p * d1 + p * cross + ww * d2
            g2 = ww * d1 + r * cross + r * r * d2
            go = p * w * d1 + w * w * oa.conjugate() + p * r * oa + r * w * d2
            for b in range(a + 1):
                ob = rn if b == 0 else rs if b == 1 else hn if b == 2 else hs
                value = 2.0 * (go * ob.conjugate()).real
                if b < 2:
                    value += g1 + g * g2
                fisher[a, b] += n[c] * value
    for a in range(4):
        for b in range(a):
            fisher[b, a] = fisher[a, b]
    return total


@compiled
def covariance(
    theta: Array, q: Array, kxx: Array, ky: Array, y0: float, gain: Array, radius: float, out: Array,
    slopes: Array,
) -> None:  # fmt: skip
    """Fill C, (M, M), and its derivatives by the four parameters, (4, M, M), of one cycle.

    Arguments as in `information_array`, of one cycle: q (side, pair), kxx and ky (pair,).
    """
    count = gain.size
    out[:, :] = 0.0
    slopes[:, :, :] = 0.0
    yn = place_of(y0, theta[2], radius)
    ys = place_of(y0, theta[3], radius)
    for m in range(count):
        slopes[0, m, m] = gain[m]
        slopes[1, m, m] = gain[m]
        out[m, m] = gain[m] * (theta[0] + theta[1]) + 1.0
    pair = 0
    for m in range(count):
        for k in range(m + 1, count):
            root = math.sqrt(gain[m] * gain[k])
            pn = kxx[pair] + ky[pair] * yn
            ps = kxx[pair] - ky[pair] * ys
            rn = root * q[0, pair] * complex(math.cos(pn), math.sin(pn))
            rs = root * q[1, pair] * complex(math.cos(ps), math.sin(ps))
            slopes[0, m, k] = rn
            slopes[1, m, k] = rs
            slopes[2, m, k] = 1j * (theta[0] * ky[pair] * (radius + theta[2]) / yn) * rn
            slopes[3, m, k] = -1j * (theta[1] * ky[pair] * (radius + theta[3]) / ys) * rs
            out[m, k] = theta[0] * rn + theta[1] * rs
            out[k, m] = out[m, k].conjugate()
            for a in range(4):
                slopes[a, k, m] = slopes[a, m, k].conjugate()
            pair += 1


@compiled
def _invert(matrix: Array, out: Array) -> float:
    """Invert a small Hermitian positive matrix by Gauss–Jordan; return the log of its determinant."""
    count = matrix.shape[0]
    work = matrix.copy()
    out[:, :] = 0.0
    log = 0.0
    for i in range(count):
        out[i, i] = 1.0
    for i in range(count):
        pivot = work[i, i]
        log += math.log(pivot.real)
        for k in range(count):
            work[i, k] /= pivot
            out[i, k] /= pivot
        for j in range(count):
            if j != i:
                factor = work[j, i]
                for k in range(count):
                    work[j, k] -= factor * work[i, k]
                    out[j, k] -= factor * out[i, k]
    return log


@compiled
def information_array(
    theta: Array, data: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array,
    radius: float, score: Array, fisher: Array,
) -> float:  # fmt: skip
    """Add score and Fisher information of M ≥ 2 receivers to arrays; return the log-likelihood.

    Arguments as in `information_pair`, with M² numbers a cycle and M(M − 1)/2 pairs in the order (0, 1),
    (0, 2), …, (1, 2), …; κ of a pair (m, n) is κ_n − κ_m.
    """
    score[:] = 0.0
    fisher[:, :] = 0.0
    count = gain.size
    model = np.zeros((count, count), dtype=np.complex128)
    inverse = np.zeros((count, count), dtype=np.complex128)
    misfit = np.zeros((count, count), dtype=np.complex128)
    slopes = np.zeros((4, count, count), dtype=np.complex128)
    turned = np.zeros((4, count, count), dtype=np.complex128)
    total = 0.0
    for c in range(n.size):
        if n[c] <= 0.0:
            continue
        covariance(theta, q[c], kxx[c], ky[c], y0[c], gain, radius, model, slopes)
        log = _invert(model, inverse)
        at = count
        for m in range(count):
            misfit[m, m] = data[c, m]
            for k in range(m + 1, count):
                misfit[m, k] = complex(data[c, at], data[c, at + 1])
                misfit[k, m] = misfit[m, k].conjugate()
                at += 2
        trace = 0.0
        for m in range(count):
            for k in range(count):
                trace += (inverse[m, k] * misfit[k, m]).real
                misfit[k, m] -= model[k, m]
        total -= n[c] * (log + trace)
        solved = inverse @ misfit
        for a in range(4):
            turned[a] = inverse @ slopes[a]
        for a in range(4):
            value = 0.0
            for m in range(count):
                for k in range(count):
                    value += (solved[m, k] * turned[a, k, m]).real
            score[a] += n[c] * value
            for b in range(4):
                value = 0.0
                for m in range(count):
                    for k in range(count):
                        value += (turned[a, m, k] * turned[b, k, m]).real
                fisher[a, b] += n[c] * value
    return total


@compiled
def information(
    theta: Array, data: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array,
    radius: float, score: Array, fisher: Array,
) -> float:  # fmt: skip
    """Call `information_pair` for two receivers, `information_array` for more."""
    if gain.size == 2:
        return information_pair(theta, data, n, q, kxx, ky, y0, gain, radius, score, fisher)
    return information_array(theta, data, n, q, kxx, ky, y0, gain, radius, score, fisher)
