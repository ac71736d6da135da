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
from hesper.radar.model_phase import turn
from hesper.record import Array

LEAST_NORTH = 0.3
"""A patch is never taken to lie nearer to the Doppler equator than this part of its distance at h = 0."""


@compiled
def place_of(y0: float, altitude: float, radius: float) -> float:
    """Return y [m] of a patch at an altitude [m], y0 being its distance at altitude 0."""
    return math.sqrt(max(y0 * y0 + 2.0 * radius * altitude + altitude * altitude, (LEAST_NORTH * y0) ** 2))


@compiled
def _slopes(
    s: float, altitude: float, sign: float, q: Array, kxx: Array, ky: Array, y0: Array, root: float,
    radius: float, out: Array,
) -> None:  # fmt: skip
    """Fill what C₁₂ of a patch changes by in every cycle, (3, cycle).

    n1 and n2 of n1 + i n2, by its power s, and k of i k (n1 + i n2), by its altitude.
    """
    for c in range(out.shape[1]):
        y = place_of(y0[c], altitude, radius)
        out[0, c] = kxx[c, 0] + sign * ky[c, 0] * y
        out[2, c] = sign * s * ky[c, 0] * (radius + altitude) / y
    # Of its own, so that it runs in vectors.
    for c in range(out.shape[1]):
        out[0, c], out[1, c] = turn(out[0, c])
    for c in range(out.shape[1]):
        cosine, sine = root * out[0, c], root * out[1, c]
        out[0, c] = q[c, 0].real * cosine - q[c, 0].imag * sine
        out[1, c] = q[c, 0].real * sine + q[c, 0].imag * cosine


@compiled
def information_pair(
    theta: Array, data: Array, n: Array, q: Array, kxx: Array, ky: Array, y0: Array, gain: Array,
    radius: float, score: Array, fisher: Array,
) -> float:  # fmt: skip
    """Fill score and Fisher information of two receivers; return the log-likelihood.

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
        Filled: (4,) and (4, 4).

    Notes
    -----
    −l = Σ n (ln det C + tr C⁻¹S); score_a = Σ n tr C⁻¹(S − C)C⁻¹ ∂_aC; F_ab = Σ n tr C⁻¹∂_aC C⁻¹∂_bC.
    Of 2 × 2 matrices tr AB = tr A tr B − (A₁₁B₂₂ + A₂₂B₁₁ − 2 Re A₁₂B₁₂*), whence with t_a = tr C⁻¹∂_aC

        F_ab = Σ n (t_a t_b − m_ab/det C),  m_ab = ∂_aC₁₁ ∂_bC₂₂ + ∂_aC₂₂ ∂_bC₁₁ − 2 Re ∂_aC₁₂ ∂_bC₁₂*,

    and likewise the score, S standing for one of the derivatives.
    """
    total = 0.0
    s0 = s1 = s2 = s3 = 0.0
    f00 = f01 = f02 = f03 = f11 = f12 = f13 = f22 = f23 = f33 = 0.0
    g = gain[1]
    root = math.sqrt(g)
    c11 = theta[0] + theta[1] + 1.0
    c22 = g * (theta[0] + theta[1]) + 1.0
    # ∂C₁₂ by s_N is n1 + i n2, by s_S it is m1 + i m2; by h_N it is i kn (n1 + i n2), and so on.
    north, south = np.empty((3, n.size)), np.empty((3, n.size))
    _slopes(theta[0], theta[2], 1.0, q[:, 0], kxx, ky, y0, root, radius, north)
    _slopes(theta[1], theta[3], -1.0, q[:, 1], kxx, ky, y0, root, radius, south)
    for c in range(n.size):
        looks = n[c]
        if looks <= 0.0:
            continue
        n1, n2, kn = north[0, c], north[1, c], north[2, c]
        m1, m2, ks = south[0, c], south[1, c], south[2, c]
        u, v = theta[0] * n1 + theta[1] * m1, theta[0] * n2 + theta[1] * m2
        det = c11 * c22 - u * u - v * v
        inverse = 1.0 / det
        p1, p2, x1, x2 = data[c, 0], data[c, 1], data[c, 2], data[c, 3]
        trace = (c22 * p1 + c11 * p2 - 2.0 * (u * x1 + v * x2)) * inverse
        total -= looks * (math.log(det) + trace)
        t0 = (c22 + g * c11 - 2.0 * (u * n1 + v * n2)) * inverse
        t1 = (c22 + g * c11 - 2.0 * (u * m1 + v * m2)) * inverse
        t2 = 2.0 * kn * (u * n2 - v * n1) * inverse
        t3 = 2.0 * ks * (u * m2 - v * m1) * inverse
        excess, powers = trace - 1.0, g * p1 + p2
        s0 += looks * (t0 * excess - inverse * (powers - 2.0 * (x1 * n1 + x2 * n2)))
        s1 += looks * (t1 * excess - inverse * (powers - 2.0 * (x1 * m1 + x2 * m2)))
        s2 += looks * (t2 * excess + 2.0 * inverse * kn * (x2 * n1 - x1 * n2))
        s3 += looks * (t3 * excess + 2.0 * inverse * ks * (x2 * m1 - x1 * m2))
        nn, mm = n1 * n1 + n2 * n2, m1 * m1 + m2 * m2
        along, across = n1 * m1 + n2 * m2, n2 * m1 - n1 * m2
        twice = 2.0 * inverse
        f00 += looks * (t0 * t0 - twice * (g - nn))
        f01 += looks * (t0 * t1 - twice * (g - along))
        f11 += looks * (t1 * t1 - twice * (g - mm))
        f02 += looks * t0 * t2
        f13 += looks * t1 * t3
        f03 += looks * (t0 * t3 + twice * ks * across)
        f12 += looks * (t1 * t2 - twice * kn * across)
        f22 += looks * (t2 * t2 + twice * kn * kn * nn)
        f33 += looks * (t3 * t3 + twice * ks * ks * mm)
        f23 += looks * (t2 * t3 + twice * kn * ks * along)
    score[0], score[1], score[2], score[3] = s0, s1, s2, s3
    fisher[0, 0], fisher[1, 1], fisher[2, 2], fisher[3, 3] = f00, f11, f22, f33
    fisher[0, 1], fisher[0, 2], fisher[0, 3] = f01, f02, f03
    fisher[1, 2], fisher[1, 3], fisher[2, 3] = f12, f13, f23
    for a in range(4):
        for b in range(a):
            fisher[a, b] = fisher[b, a]
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
    """Fill score and Fisher information of M ≥ 2 receivers; return the log-likelihood.

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
