"""Absorption coefficients of the gases and clouds of Venus at radio wavelengths.

All functions return the power absorption coefficient [m-1], shape (frequency, level); frequency [Hz] has
shape (frequency,), temperature [K], pressure [Pa] and mole fractions have shape (level,).
"""

from importlib.resources import files
from typing import NamedTuple

import numpy as np
from scipy.interpolate import CubicSpline, RectBivariateSpline

from hesper.compiled import compiled
from hesper.constants import SPEED_OF_LIGHT
from hesper.physics.atmosphere import number_density
from hesper.record import Array
from hesper.thermal import model_lines
from hesper.units import GHz, MHz, atm, cm, km, mbar

TORR = atm / 760.0
"""Pa."""
DECIBEL_PER_KM = np.log(10.0) / 10.0 / km
"""m-1; power absorption of 1 dB per km."""


def collision_induced_ho(
    frequency: Array, temperature: Array, pressure: Array, co2: float, n2: float
) -> Array:
    """Return the absorption induced in colliding CO₂ and N₂, laboratory law of 1966.

    α = 10⁻⁸ (P/λ)² (273.15/T)⁵ (15.7 f_CO2² + 3.90 f_CO2 f_N2 + 0.085 f_N2²) cm⁻¹, P in atm, λ in cm (Ho,
    Kaufman & Thaddeus 1966, JGR 71, 5091; measured at 240–500 K, to 130 atm). Above 300 GHz ν² gives way to
    `collision_induced_shape`.
    """
    mixture = 15.7 * co2**2 + 3.90 * co2 * n2 + 0.085 * n2**2
    level = 1e-8 / cm * mixture * (pressure / atm) ** 2 * (273.15 / temperature) ** 5
    return np.asarray(
        (frequency[:, None] * cm / SPEED_OF_LIGHT) ** 2
        * level
        * collision_induced_shape(frequency, temperature)
    )


def collision_induced_rosenkranz(
    frequency: Array, temperature: Array, pressure: Array, co2: float, n2: float
) -> Array:
    """Return the absorption induced in colliding CO₂ and N₂, microwave radiometry's law of 1993.

    α = ν² [7.43·10⁻³⁷ P_CO2² (300/T)^5.08 + 2.71·10⁻³⁷ P_CO2 P_N2 (300/T)^4.7] m⁻¹, Hz and Pa (Rosenkranz
    1993, in Janssen, Atmospheric Remote Sensing by Microwave Radiometry, p. 74, as coded in ARTS).
    """
    theta = 300.0 / temperature
    level = pressure**2 * (7.43e-37 * co2**2 * theta**5.08 + 2.71e-37 * co2 * n2 * theta**4.7)
    return np.asarray(frequency[:, None] ** 2 * level * collision_induced_shape(frequency, temperature))


def collision_induced_gruszka_borysow(
    frequency: Array, temperature: Array, pressure: Array, co2: float, n2: float
) -> Array:
    """Return the absorption induced in colliding CO₂ (ab initio, 1997), with N₂ as in `collision_induced_ho`.

    α = k(ν, T) n_CO2² (Gruszka & Borysow 1997, Icarus 129, 172; HITRAN CIA table, 200–800 K, 1–250 cm⁻¹).
    Below 1 cm⁻¹ k grows as ν²; outside 200–800 K the outermost logarithmic slope in T goes on.
    """
    strength = np.exp(_logarithmic_strength(temperature)) * collision_induced_shape(frequency, temperature)
    wavenumber = frequency[:, None] * cm / SPEED_OF_LIGHT
    density = co2 * number_density(temperature, pressure) * cm**3
    own = strength * wavenumber**2 * density**2 / cm
    foreign = (3.90 * co2 * n2 + 0.085 * n2**2) / 15.7
    return np.asarray(own + foreign * collision_induced_ho(frequency, temperature, pressure, 1.0, 0.0))


def collision_induced_parametric(
    frequency: Array,
    temperature: Array,
    pressure: Array,
    co2: float,
    n2: float,
    *,
    scale: float,
    exponent: float,
) -> Array:
    """Return α = a α_Ho(P, 400 K) (T/400 K)^−m, for a prior that covers the laboratory laws.

    Parameters
    ----------
    scale
        a; 1 and m = 5 give `collision_induced_ho`.
    exponent
        m.
    """
    reference = collision_induced_ho(frequency, np.full_like(temperature, 400.0), pressure, co2, n2)
    shape = collision_induced_shape(frequency, temperature)
    shape /= collision_induced_shape(frequency, np.full_like(temperature, 400.0))
    return np.asarray(scale * reference * shape * (temperature / 400.0) ** -exponent)


def collision_induced_shape(frequency: Array, temperature: Array) -> Array:
    """Return k(ν, T)/ν² relative to its value at 1 cm⁻¹: 1 below 30 GHz, about 0.7 at 900 GHz and 300 K.

    Interpolated in the table of Gruszka & Borysow 1997: bicubic in ν and ln T.
    """
    wavenumber, kelvin, strength = _table()
    relative = strength / wavenumber[:, None] ** 2
    relative /= relative[0]
    # The wing is even in ν: the table is mirrored to make the fit flat at ν = 0.
    low = np.array([0.0, 0.5])
    nodes = np.concatenate([low, wavenumber])
    spline = RectBivariateSpline(nodes, np.log(kelvin), np.vstack([np.ones((2, kelvin.size)), relative]))
    place = np.minimum(frequency * cm / SPEED_OF_LIGHT, nodes[-1])
    clipped = np.log(np.clip(temperature, kelvin[0], kelvin[-1]))
    return np.asarray(spline(place[:, None], clipped[None, :], grid=False))


def _table() -> tuple[Array, Array, Array]:
    resource = files("hesper.thermal").joinpath("tables/gruszka_borysow1997.csv")
    rows = [line.split(",") for line in resource.read_text(encoding="utf-8").splitlines() if line[0] != "#"]
    kelvin = np.array([float(cell) for cell in rows[0][1:]])
    body = np.array([[float(cell) for cell in row] for row in rows[1:]])
    return body[:, 0], kelvin, body[:, 1:]


def _logarithmic_strength(temperature: Array) -> Array:
    """Return ln of k/ν² at 1 cm⁻¹ [cm5 per cm-2], cubic in ln T."""
    _, kelvin, strength = _table()
    curve = CubicSpline(np.log(kelvin), np.log(strength[0]), bc_type="natural")
    low, high = np.log(kelvin[0]), np.log(kelvin[-1])
    place = np.log(temperature)
    inside = np.clip(place, low, high)
    return np.asarray(curve(inside) + (place - inside) * curve(inside, 1))


def h2so4(frequency: Array, temperature: Array, pressure: Array, fraction: Array) -> Array:
    """Return the absorption of sulphuric acid vapour.

    α = 53.601 p^1.11 ν^1.15 (553/T)³ q dB/km, p in atm, ν in GHz (Kolodner & Steffes 1998, Icarus 132, 151,
    equation 18; laboratory 2.2–22 GHz). Outside these frequencies it is extrapolated: see
    `hesper.thermal.model.caveats`.
    """
    level = 53.601 * (pressure / atm) ** 1.11 * (553.0 / temperature) ** 3 * fraction
    return np.asarray(DECIBEL_PER_KM * (frequency[:, None] / GHz) ** 1.15 * level)


def cloud(frequency: Array, temperature: Array, mass: Array) -> Array:
    """Return the absorption of sulphuric acid droplets much smaller than the wavelength.

    α = (6π/λ) (M/ρ) Im[(ε − 1)/(ε + 2)], ε by the Cole–Cole law of 85 % acid: ε∞ 3.3, εs 87.5, τ 1.7·10⁻¹¹ s,
    a 0.116 (Fahd & Steffes 1991; not checked against the print), without dependence on temperature: taken as
    known to 30 %, 0.5 K of T_b at 22 GHz and 0.8 K at 94 GHz.

    Parameters
    ----------
    mass
        Mass of droplets per volume [kg m-3], shape (level,).
    """
    density = (
        1780.0  # kg m-3, 85 % sulphuric acid (interpolated in Washburn's table, 1.727 at 80 %, 1.814 at 90 %)
    )
    relaxation = (1j * 2 * np.pi * frequency * 1.7e-11) ** (1 - 0.116)
    permittivity = np.conj(3.3 + (87.5 - 3.3) / (1 + relaxation))
    wing = np.imag((permittivity - 1) / (permittivity + 2))
    return np.asarray(
        (6 * np.pi * frequency / SPEED_OF_LIGHT * wing)[:, None]
        * (mass / density)
        * np.ones_like(temperature)
    )


class Widths(NamedTuple):
    """Pressure broadening at 300 K of one molecule by CO₂ and by itself."""

    foreign: float
    """Half width [Hz Pa-1]."""
    own: float
    """Half width [Hz Pa-1]."""
    exponent: float
    """Of (300 K/T)."""


SO2_BEN_REUVEN = Widths(7.2 * MHz / TORR, 16.0 * MHz / TORR, 0.85)
"""Widths of Suleiman et al. 1996 for the Ben-Reuven shape."""
SO2_COUPLING = Widths(1.3 * MHz / TORR, 1.6 * MHz / TORR, 0.85)
"""Coupling terms of Suleiman et al. 1996 for the Ben-Reuven shape."""
SO2_SHIFT = 2.9 * MHz / TORR
"""Pressure shift of Suleiman et al. 1996 [Hz per Pa of SO₂]."""
SO2_VAN_VLECK = Widths(7.0 * MHz / TORR, 16.0 * MHz / TORR, 0.85)
"""Widths of Fahd & Steffes 1992 for the van Vleck–Weisskopf shape; not checked against the print, taken as
known to 15 % (0.2 K of T_b at 22 GHz)."""
CO_WIDTHS = Widths(3.3 * MHz / TORR, 3.4 * MHz / TORR, 0.75)
"""Carbon monoxide in CO₂: 0.084 cm-1 atm-1, as line lists have it; not checked against one print, taken as
known to 10 % (nothing outside the cores of lines)."""
OCS_WIDTHS = Widths(6.0 * MHz / TORR, 6.4 * MHz / TORR, 0.75)
"""Carbonyl sulphide in CO₂; not checked against a print, taken as known to 20 % (0.02 K of T_b)."""
H2O_WIDTHS = Widths(0.0028 * GHz / mbar * 1.6, 0.0135 * GHz / mbar, 0.68)
"""Water in CO₂: mean width in air of Rosenkranz 1998 times 1.6; that factor is taken as known to 30 % (1.8 K
of T_b at 557 GHz, 0.05 K elsewhere)."""


def so2_ben_reuven(frequency: Array, temperature: Array, pressure: Array, fraction: Array) -> Array:
    """Return the absorption of SO₂, its rotational lines with the shape of Ben-Reuven.

    F = (2/π)(ν/ν₀)² {(γ−ζ)ν² + (γ+ζ)[(ν₀+δ)² + γ² − ζ²]} / {[ν² − (ν₀+δ)² − γ² + ζ²]² + 4ν²γ²}; widths of
    Suleiman, Kolodner & Steffes 1996, JGR 101, 4623 (laboratory 2.25–21.7 GHz, 290–505 K, 1–4 atm).
    """
    rotor = model_lines.asymmetric_rotor(model_lines.SO2)
    own = pressure * fraction
    width = _width(SO2_BEN_REUVEN, temperature, pressure, own)
    coupling = _width(SO2_COUPLING, temperature, pressure, own)
    shape = _line_sum(
        frequency,
        rotor.frequency,
        model_lines.intensity(rotor, temperature),
        width,
        coupling,
        SO2_SHIFT * own,
    )
    return np.asarray(number_density(temperature, own) * shape)


def so2_van_vleck(frequency: Array, temperature: Array, pressure: Array, fraction: Array) -> Array:
    """Return the absorption of SO₂, its rotational lines with the shape of van Vleck & Weisskopf.

    Ben-Reuven's shape without coupling and shift; widths of Fahd & Steffes 1992, Icarus 97, 200.
    """
    return _van_vleck(
        model_lines.asymmetric_rotor(model_lines.SO2),
        SO2_VAN_VLECK,
        frequency,
        temperature,
        pressure,
        fraction,
    )


def co(frequency: Array, temperature: Array, pressure: Array, fraction: Array) -> Array:
    """Return the absorption of carbon monoxide (linear rotor, van Vleck–Weisskopf shape)."""
    rotor = model_lines.linear_rotor(
        model_lines.CO_ROTATION, model_lines.CO_DISTORTION, model_lines.CO_DIPOLE, largest_j=60
    )
    return _van_vleck(rotor, CO_WIDTHS, frequency, temperature, pressure, fraction)


def ocs(frequency: Array, temperature: Array, pressure: Array, fraction: Array) -> Array:
    """Return the absorption of carbonyl sulphide (linear rotor, van Vleck–Weisskopf shape)."""
    rotor = model_lines.linear_rotor(
        model_lines.OCS_ROTATION, model_lines.OCS_DISTORTION, model_lines.OCS_DIPOLE, largest_j=160
    )
    return _van_vleck(rotor, OCS_WIDTHS, frequency, temperature, pressure, fraction)


def h2o(frequency: Array, temperature: Array, pressure: Array, fraction: Array) -> Array:
    """Return the absorption of water vapour: lines of Rosenkranz 1998, continuum in CO₂ of Ho et al. 1966.

    The continuum is Ho's 1330 f_H2O in units of `collision_induced_ho`, which is measured with the lines of
    the far infrared in it; the lines below 1 THz are added to it.
    """
    own = pressure * fraction
    zero = np.zeros_like(pressure)
    shape = _line_sum(
        frequency,
        model_lines.H2O_FREQUENCY,
        model_lines.h2o_intensity(temperature),
        _width(H2O_WIDTHS, temperature, pressure, own),
        zero,
        zero,
    )
    continuum = 1330.0 / 15.7 * fraction * collision_induced_ho(frequency, temperature, pressure, 1.0, 0.0)
    return np.asarray(number_density(temperature, own) * shape + continuum)


def _van_vleck(
    rotor: model_lines.Lines,
    widths: Widths,
    frequency: Array,
    temperature: Array,
    pressure: Array,
    fraction: Array,
) -> Array:
    own = pressure * fraction
    zero = np.zeros_like(pressure)
    shape = _line_sum(
        frequency,
        rotor.frequency,
        model_lines.intensity(rotor, temperature),
        _width(widths, temperature, pressure, own),
        zero,
        zero,
    )
    return np.asarray(number_density(temperature, own) * shape)


def _width(widths: Widths, temperature: Array, pressure: Array, own: Array) -> Array:
    foreign = widths.foreign * (pressure - own) + widths.own * own
    return np.asarray(foreign * (300.0 / temperature) ** widths.exponent)


@compiled
def _line_sum(
    frequency: Array, centre: Array, intensity: Array, width: Array, coupling: Array, shift: Array
) -> Array:
    """Return Σ I F(ν) [m2] of Ben-Reuven, shape (frequency, level); intensity is (level, line)."""
    total = np.zeros((frequency.size, width.size))
    for level in range(width.size):
        g, z = width[level], coupling[level]
        inner = g * g - z * z
        for i in range(frequency.size):
            nu2 = frequency[i] * frequency[i]
            wing = 4.0 * nu2 * g * g
            value = 0.0
            for line in range(centre.size):
                nu0 = centre[line]
                shifted = (nu0 + shift[level]) ** 2
                gap = nu2 - shifted - inner
                above = (g - z) * nu2 + (g + z) * (shifted + inner)
                value += intensity[level, line] * above / ((gap * gap + wing) * nu0 * nu0)
            total[i, level] = 2.0 / np.pi * nu2 * value
    return total
