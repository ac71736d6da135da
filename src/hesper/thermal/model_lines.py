"""Rotational line lists of the absorbing gases, computed from molecular constants."""

from typing import NamedTuple

import numpy as np
from scipy.linalg import eigh_tridiagonal

from hesper.compiled import compiled
from hesper.constants import BOLTZMANN, PLANCK, SPEED_OF_LIGHT
from hesper.record import Array
from hesper.units import GHz, MHz, cm

VACUUM_PERMITTIVITY = 8.854_187_818_8e-12
"""F m-1; CODATA 2022."""
DEBYE = 1e-21 / SPEED_OF_LIGHT
"""C m; exact by definition."""


class Lines(NamedTuple):
    """Lines of one molecule."""

    frequency: Array
    """[Hz], rising."""
    lower_energy: Array
    """Energy of the lower level [J]."""
    strength: Array
    """Line strength S times squared dipole moment [C2 m2]."""
    level_energy: Array
    """Energies of all levels [J], for the partition sum."""
    level_weight: Array
    """Degeneracy 2J + 1 of each level."""
    label: Array
    """Quantum numbers (J′, Ka′, Kc′, J″, Ka″, Kc″) of each line; (J′, 0, J′, …) for a linear molecule."""


class AsymmetricRotor(NamedTuple):
    """Constants of Watson's A reduction in representation Iʳ [Hz], and the dipole moment along b [C m].

    `outer_j`, `outer_jk`, `outer_k` are Δ_J, Δ_JK, Δ_K; `inner_j`, `inner_k` are δ_J, δ_K.
    """

    A: float
    B: float
    C: float
    outer_j: float
    outer_jk: float
    outer_k: float
    inner_j: float
    inner_k: float
    dipole: float


SO2 = AsymmetricRotor(
    60778.5499 * MHz, 10318.0735 * MHz, 8799.7024 * MHz,
    6.6e-3 * MHz, -0.1169 * MHz, 2.5881 * MHz, 1.70e-3 * MHz, 2.535e-2 * MHz,
    1.633 * DEBYE,
)  # fmt: skip
"""Sulphur dioxide ³²S¹⁶O₂.

Rounded constants, not checked against one print; they are accepted because they give seven catalogued lines
between 20 and 347 GHz to 0.22 MHz (tests/thermal/test_lines.py), which is their uncertainty. An older public
set of constants agrees with A, B, C to 3 kHz.
"""
CO_ROTATION, CO_DISTORTION, CO_DIPOLE = 57_635.968 * MHz, 0.1835 * MHz, 0.110 * DEBYE
"""Carbon monoxide: B, D [Hz] and dipole moment [C m].

B and D give the lines of 115, 231 and 346 GHz to 0.01 MHz (tests/thermal/test_lines.py); the dipole moment is
taken as known to 0.2 %.
"""
OCS_ROTATION, OCS_DISTORTION, OCS_DIPOLE = 6_081.492 * MHz, 1.301e-3 * MHz, 0.7152 * DEBYE
"""Carbonyl sulphide: B, D [Hz] and dipole moment [C m]; they give the lines of 12.2 and 109.5 GHz to 0.01 MHz
(tests/thermal/test_lines.py)."""

H2O_FREQUENCY = GHz * np.array([
    22.235080, 183.310117, 321.225640, 325.152919, 380.197372, 439.150812, 443.018295, 448.001075,
    470.888947, 474.689127, 488.491133, 556.936002, 620.700807, 752.033227, 916.171582,
])  # fmt: skip
"""Water lines below 1 THz [Hz] (Rosenkranz 1998)."""
H2O_INTENSITY_300 = cm**2 * np.array([
    1.31e-14, 2.273e-12, 8.036e-14, 2.694e-12, 2.438e-11, 2.179e-12, 4.624e-13, 2.562e-11,
    8.369e-13, 3.263e-12, 6.659e-13, 1.531e-9, 1.707e-11, 1.011e-9, 4.227e-11,
])  # fmt: skip
"""Intensities at 300 K [m2 Hz] (Rosenkranz 1998)."""
H2O_ENERGY_COEFFICIENT = np.array([
    2.144, 0.668, 6.179, 1.541, 1.048, 3.595, 5.048, 1.405, 3.597, 2.379, 2.852, 0.159, 2.391, 0.396, 1.441,
])  # fmt: skip
"""Coefficient b of the intensity's temperature dependence θ^2.5 exp(b (1 − θ)), θ = 300 K/T."""


def asymmetric_rotor(rotor: AsymmetricRotor, *, largest_j: int = 90, faintest: float = 1e-3) -> Lines:
    """Compute the b-type lines of an asymmetric rotor of C2v symmetry with two equal spinless outer atoms.

    The Hamiltonian (Watson 1977, A reduction, Iʳ: x = b, y = c, z = a) is

    ⟨K|H|K⟩ = ½(B+C)[J(J+1) − K²] + A K² − Δ_J J²(J+1)² − Δ_JK J(J+1)K² − Δ_K K⁴,
    ⟨K|H|K±2⟩ = {¼(B−C) − δ_J J(J+1) − ½δ_K[K² + (K±2)²]} × √{[J(J+1) − K(K±1)] [J(J+1) − (K±1)(K±2)]}.

    Wang's combinations (|K⟩ + s|−K⟩)/√2 split it into tridiagonal blocks. Turning the molecule about b
    multiplies them by s(−1)^J, and only levels with s = (−1)^J (Ka + Kc even) exist.

    Parameters
    ----------
    rotor
        Molecular constants.
    largest_j
        Highest J of a level.
    faintest
        Lines whose S times Boltzmann factor at 500 K is less than this fraction of the largest are left
        out. That product, not the intensity, sets the absorption where the width exceeds the line's
        frequency.
    """
    levels = [_levels(rotor, j) for j in range(largest_j + 1)]
    frequency, lower, strength, label = [], [], [], []
    for j, here in enumerate(levels):
        for upper_j in (j, j + 1):
            if upper_j > largest_j:
                continue
            there = levels[upper_j]
            line_strength = _line_strength(here.vector, there.vector, j, upper_j)
            difference = there.energy[:, None] - here.energy[None, :]
            # For J′ = J each pair appears twice; keep the one whose upper level is the higher.
            chosen = (difference > 0) if upper_j == j else (difference != 0)
            up, down = np.nonzero(chosen & (line_strength > 1e-12))
            gap = difference[up, down]
            frequency.append(np.abs(gap) / PLANCK)
            lower.append(np.where(gap > 0, here.energy[down], there.energy[up]))
            strength.append(line_strength[up, down])
            quantum_up = np.column_stack([np.full(up.size, upper_j), there.label[up]])
            quantum_down = np.column_stack([np.full(up.size, j), here.label[down]])
            swapped = (gap < 0)[:, None]
            label.append(
                np.where(
                    swapped,
                    np.hstack([quantum_down, quantum_up]),
                    np.hstack([quantum_up, quantum_down]),
                )
            )
    nu, energy, s = np.concatenate(frequency), np.concatenate(lower), np.concatenate(strength)
    importance = s * np.exp(-energy / (BOLTZMANN * 500.0))
    keep = np.nonzero(importance > faintest * importance.max())[0]
    keep = keep[np.argsort(nu[keep])]
    return Lines(
        nu[keep],
        energy[keep],
        s[keep] * rotor.dipole**2,
        np.concatenate([level.energy for level in levels]),
        np.concatenate([np.full(level.energy.size, 2 * j + 1.0) for j, level in enumerate(levels)]),
        np.concatenate(label)[keep],
    )


def linear_rotor(rotation: float, distortion: float, dipole: float, *, largest_j: int) -> Lines:
    """Compute the lines of a linear molecule: ν = 2B(J+1) − 4D(J+1)³, S = J + 1.

    Parameters
    ----------
    rotation, distortion
        B and D [Hz].
    dipole
        Dipole moment [C m].
    largest_j
        Highest J of a level.
    """
    j = np.arange(largest_j + 1)
    ladder = j * (j + 1.0)
    energy = PLANCK * (rotation * ladder - distortion * ladder**2)
    zero = np.zeros(largest_j, dtype=int)
    label = np.column_stack([j[1:], zero, j[1:], j[:-1], zero, j[:-1]])
    return Lines(
        np.diff(energy) / PLANCK, energy[:-1], (j[:-1] + 1.0) * dipole**2, energy, 2 * j + 1.0, label
    )


def partition(lines: Lines, temperature: Array) -> Array:
    """Return the rotational partition sum Σ (2J+1) exp(−E/kT) at temperatures [K] of shape (n,)."""
    exponent = -lines.level_energy[None, :] / (BOLTZMANN * np.asarray(temperature)[:, None])
    return np.asarray(np.exp(exponent) @ lines.level_weight)


def intensity(lines: Lines, temperature: Array) -> Array:
    """Return line intensities [m2 Hz], shape (temperature, line).

    I = 2π²/(3 ε₀ h c) ν S μ² (e^{−E″/kT} − e^{−E′/kT}) / Q(T) (Pickett et al. 1998, equation 1, in SI).
    The vibrational ground state is taken to hold all molecules: states of excited vibration absorb nearly
    alike, and their lines overlap those of the ground state wherever the gas is dense and hot.

    Parameters
    ----------
    temperature
        [K], shape (n,).
    """
    thermal = BOLTZMANN * np.asarray(temperature)[:, None]
    population = np.exp(-lines.lower_energy / thermal) * -np.expm1(-PLANCK * lines.frequency / thermal)
    scale = 2 * np.pi**2 / (3 * VACUUM_PERMITTIVITY * PLANCK * SPEED_OF_LIGHT)
    return np.asarray(
        scale
        * lines.frequency
        * lines.strength
        * population
        / partition(lines, np.asarray(temperature))[:, None]
    )


def h2o_intensity(temperature: Array) -> Array:
    """Return the intensities [m2 Hz] of `H2O_FREQUENCY`, shape (temperature, line) (Rosenkranz 1998)."""
    theta = 300.0 / np.asarray(temperature)[:, None]
    return np.asarray(H2O_INTENSITY_300 * theta**2.5 * np.exp(H2O_ENERGY_COEFFICIENT * (1 - theta)))


class _Levels(NamedTuple):
    energy: Array
    vector: Array
    """Rows: levels; columns: K from −J to J."""
    label: Array
    """Ka, Kc."""


def _levels(rotor: AsymmetricRotor, j: int) -> _Levels:
    sign = 1 if j % 2 == 0 else -1
    energies, vectors, labels = [], [], []
    for start in (0 if sign == 1 else 2, 1):
        k = np.arange(start, j + 1, 2)
        if k.size == 0:
            continue
        energy, vector = _block(rotor, j, k, sign)
        energies.append(energy)
        full = np.zeros((k.size, 2 * j + 1))
        weight = np.where(k == 0, 1.0, np.sqrt(0.5))
        full[:, j - k] = sign * vector.T * weight
        full[:, j + k] = vector.T * weight
        vectors.append(full)
        labels.append(np.column_stack([k, j + j % 2 - k]))
    return _Levels(np.concatenate(energies), np.concatenate(vectors), np.concatenate(labels))


def _block(rotor: AsymmetricRotor, j: int, k: Array, sign: int) -> tuple[Array, Array]:
    ladder = j * (j + 1.0)
    diagonal = (
        0.5 * (rotor.B + rotor.C) * (ladder - k**2)
        + rotor.A * k**2
        - rotor.outer_j * ladder**2
        - rotor.outer_jk * ladder * k**2
        - rotor.outer_k * k.astype(float) ** 4
    )
    couple = _coupling(rotor, ladder, k[:-1].astype(float))
    if k[0] == 1:
        # |1⟩ and |−1⟩ are two steps apart.
        diagonal[0] += sign * float(_coupling(rotor, ladder, np.array([-1.0]))[0])
    if k[0] == 0 and couple.size:
        couple[0] *= np.sqrt(2.0)
    energy, vector = eigh_tridiagonal(diagonal, couple) if k.size > 1 else (diagonal, np.ones((1, 1)))
    return PLANCK * energy, vector


def _coupling(rotor: AsymmetricRotor, ladder: float, k: Array) -> Array:
    factor = 0.25 * (rotor.B - rotor.C) - rotor.inner_j * ladder - 0.5 * rotor.inner_k * (k**2 + (k + 2) ** 2)
    return np.asarray(factor * np.sqrt((ladder - k * (k + 1)) * np.maximum(ladder - (k + 1) * (k + 2), 0.0)))


def _line_strength(lower: Array, upper: Array, j: int, upper_j: int) -> Array:
    """Return S of all pairs (upper, lower) for a unit dipole along b.

    S = (2J+1) |Σ_K a′_{K+q} a_K c_q ⟨J K 1 q|J′ K+q⟩|² with c_{±1} = ∓1/√2.
    """
    k = np.arange(-j, j + 1.0)
    if upper_j == j:
        if j == 0:
            return np.zeros((upper.shape[0], lower.shape[0]))
        plus = -np.sqrt((j + k + 1) * (j - k) / (2 * j * (j + 1)))
        minus = np.sqrt((j - k + 1) * (j + k) / (2 * j * (j + 1)))
    else:
        plus = np.sqrt((j + k + 1) * (j + k + 2) / ((2 * j + 1) * (2 * j + 2)))
        minus = np.sqrt((j - k + 1) * (j - k + 2) / ((2 * j + 1) * (2 * j + 2)))
    moved = np.zeros((lower.shape[0], 2 * upper_j + 1 + 2))
    shift = upper_j - j + 1  # one spare column on either side takes K beyond ±J′, where the factor is zero
    columns = np.arange(2 * j + 1) + shift
    moved[:, columns + 1] += -np.sqrt(0.5) * plus * lower
    moved[:, columns - 1] += np.sqrt(0.5) * minus * lower
    return (2 * j + 1) * _overlap(upper, moved[:, 1:-1]) ** 2


@compiled
def _overlap(upper: Array, moved: Array) -> Array:
    """Return upper · movedᵀ; for hundreds of small matrices faster than a threaded library."""
    out = np.zeros((upper.shape[0], moved.shape[0]))
    for a in range(upper.shape[0]):
        for b in range(moved.shape[0]):
            total = 0.0
            for k in range(upper.shape[1]):
                total += upper[a, k] * moved[b, k]
            out[a, b] = total
    return out
