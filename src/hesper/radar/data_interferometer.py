"""What the interferometer's stages hand to each other: passes, echoes, statistics, patches, maps."""

from typing import NamedTuple

import numpy as np

from hesper.maps import Grid
from hesper.record import Array, array, number, record, text

UNSEEN, ELONGATED, AMBIGUOUS, UNSOLVED, ALIASED, WEAK, INCOMPLETE, FIXED = (1 << k for k in range(8))
"""Bits of `Patches.mask` and `RadarMap.mask`; see `MASK_MEANING`."""
MASK_MEANING = (
    "1: no echo; 2: cell elongated (runway); 4: north and south not told apart; 8: not solved; "
    "16: Doppler aliased; 32: reflectivity below three standard deviations, or phase known to no better than "
    "1/3 rad; 64: cycles missing; "
    "128: altitude not determined, brightness for the reference sphere"
)


@record
class Pass:
    """Geometry of a pass, one row per receive cycle; receivers are counted from the first."""

    time: Array = array("cycle", "s tdb", "middle of the receive window, TDB since J2000")
    radar: Array = array("cycle xyz", "1", "unit vector to the radar, body frame")
    doppler: Array = array("cycle xyz", "1", "Doppler axis, body frame")
    north: Array = array("cycle xyz", "1", "normal to the Doppler equator, northward, body frame")
    rotation_rate: Array = array("cycle", "rad s-1", "apparent rotation rate")
    distance: Array = array("cycle", "m", "light path from Venus to the first receiver")
    elevation: Array = array("cycle receiver", "rad", "elevation of Venus at the receivers")
    baseline: Array = array(
        "cycle receiver axis", "m", "receiver from the first one, along the Doppler axis and the north normal"
    )
    fringe: Array = array(
        "cycle receiver axis",
        "rad m-1",
        "κ of V1 V_m* = exp(iκ·r), along the Doppler axis and the north normal",
    )
    delay: Array = array("cycle", "s", "round-trip light time to the centre of Venus")
    delay_rate: Array = array("cycle", "1", "rate of change of delay")


@record
class Echoes:
    """The complex looks of one receive cycle, noise not yet scaled."""

    voltage: Array = array(
        "look receiver gate doppler", "1", "spectrum of every range gate, relative", dtype=np.complex64
    )
    look_time: Array = array("look", "s tdb", "middle of the look, TDB since J2000")
    depth: Array = array("gate", "m", "depth behind the front of the reference sphere, c/2 × delay")
    shift: Array = array("doppler", "Hz", "Doppler shift from the centre of Venus, positive approaching")
    geometry: Pass
    frequency: float = number("Hz", "frequency of the transmitter")
    baud: float = number("s", "length of a bit of the code")
    stations: str = text("receiving stations, joined by commas, in the order of the receivers")
    transmitter: str = text("transmitting station")
    code: str = text("random or maximal")
    cycles: int = number("count", "receive cycles of the whole pass", dtype=int)


@record
class Voltages:
    """Complex samples of one look at one or more receivers, carrier near zero."""

    samples: Array = array("receiver sample", "1", "voltage, relative", dtype=np.complex64)
    look_time: Array = array("look", "s tdb", "middle of the look, one, TDB since J2000")
    chips: Array = array("chip", "1", "transmitted code, ±1, repeated", dtype=np.int8)
    rate: float = number("Hz", "samples per second")
    delay: Array = array(
        "receiver order", "s", "delay of the front: coefficients of powers of time [s] from the middle"
    )
    phase: Array = array(
        "receiver order", "1", "carrier phase [cycles]: coefficients of powers of time [s] from the middle"
    )
    geometry: Pass
    frequency: float = number("Hz", "frequency of the transmitter")
    baud: float = number("s", "length of a bit of the code")
    stations: str = text("receiving stations, joined by commas")
    transmitter: str = text("transmitting station")
    code: str = text("random or maximal")
    cycles: int = number("count", "receive cycles of the whole pass", dtype=int)


@record
class Statistics:
    """Sufficient statistics of a pass: powers and cross products, means over the looks of a cycle."""

    power: Array = array("cycle receiver gate doppler", "1", "mean |V|² over noise", dtype=np.float32)
    cross: Array = array(
        "cycle pair gate doppler", "1", "mean V_m V_n*, m < n, over noise", dtype=np.complex64
    )
    n: Array = array("cycle", "count", "looks that went in")
    expected: float = number("count", "looks of a complete cycle")
    cycles: int = number("count", "receive cycles of the whole pass, those that are missing too", dtype=int)
    noise: Array = array("receiver", "1", "power of the noise in a cell, as received")
    noise_std: Array = array("receiver", "1", "standard deviation of noise")
    gain: Array = array("receiver", "1", "echo over noise, relative to the first receiver")
    gain_std: Array = array("receiver", "1", "standard deviation of gain")
    phase: Array = array("cycle receiver", "rad", "instrumental phase that was taken out")
    phase_std: Array = array("cycle receiver", "rad", "standard deviation of phase")
    depth: Array = array("gate", "m", "depth behind the front of the reference sphere")
    shift: Array = array("doppler", "Hz", "Doppler shift from the centre of Venus")
    geometry: Pass
    frequency: float = number("Hz", "frequency of the transmitter")
    stations: str = text("receiving stations")
    transmitter: str = text("transmitting station")
    code: str = text("random or maximal")


@record
class Patches:
    """Reflectivity and altitude of the two patches of every cell, north first."""

    signal: Array = array("side cell", "1", "echo power over noise of the first receiver")
    signal_std: Array = array("side cell", "1", "standard deviation of signal")
    altitude: Array = array("side cell", "m", "altitude above the reference sphere")
    altitude_std: Array = array("side cell", "m", "standard deviation of altitude, Cramér–Rao")
    contrast_std: Array = array("cell", "1", "standard deviation of (N − S)/(N + S), north equal to south")
    covariance: Array = array("cell parameter other", "1", "of s_N, s_S [1], h_N, h_S [m], Cramér–Rao")
    x: Array = array("cell", "m", "along the Doppler axis, middle of the pass")
    y: Array = array("cell", "m", "distance from the Doppler equator at altitude 0")
    gate: Array = array("cell", "count", "row of the cell", dtype=np.int64)
    column: Array = array("cell", "count", "Doppler column of the cell", dtype=np.int64)
    area: Array = array("cell", "m2", "area of one patch, weighted by the response of the cell")
    droop: Array = array("cell", "1", "power left by the integrating filter")
    extent: Array = array("cell", "m", "north–south extent of the cell")
    width: Array = array("cell", "m", "east–west extent of the cell")
    incidence: Array = array("cell", "rad", "of the reference sphere")
    lon: Array = array("side cell", "rad", "longitude of the patch, east")
    lat: Array = array("side cell", "rad", "latitude of the patch")
    misfit: Array = array("cell", "1", "deviance over its degrees of freedom")
    iterations: Array = array("cell", "count", "steps of the solver", dtype=np.int64)
    mask: Array = array("side cell", "1", MASK_MEANING, dtype=np.uint8)
    radar: Array = array("xyz", "1", "unit vector to the radar, body frame, middle of the pass")
    doppler: Array = array("xyz", "1", "Doppler axis there")
    north: Array = array("xyz", "1", "normal to the Doppler equator there")
    time: float = number("s", "middle of the pass, TDB since J2000")
    n: float = number("count", "looks of the pass")


@record
class Runway:
    """The strip along the Doppler equator where north and south are not told apart."""

    x: Array = array("column", "m", "along the Doppler axis")
    column: Array = array("column", "count", "Doppler column", dtype=np.int64)
    half_width: Array = array("column", "m", "|y| of its edge")
    half_width_std: Array = array("column", "m", "standard deviation of half_width")


@record
class Backscatter:
    """Mean reflectivity σ0 against incidence, and the laws fitted to it."""

    incidence: Array = array("annulus", "rad", "centre of the annulus")
    reflectivity: Array = array("annulus", "1", "median σ0 of the patches")
    reflectivity_std: Array = array("annulus", "1", "standard deviation of reflectivity")
    n: Array = array("annulus", "count", "patches", dtype=np.int64)
    muhleman: Array = array("muhleman_parameter", "1", "k and a of Muhleman's law")
    muhleman_std: Array = array(
        "muhleman_parameter", "1", "their standard deviations; infinite: not determined"
    )
    muhleman_rms: float = number("1", "rms of the logarithm about Muhleman's law")
    hagfors: Array = array("hagfors_parameter", "1", "ρ and C of Hagfors' law")
    hagfors_std: Array = array(
        "hagfors_parameter", "1", "their standard deviations; infinite: not determined"
    )
    hagfors_rms: float = number("1", "rms of the logarithm about Hagfors' law")
    scale: float = number("m-2", "echo over noise per cross-section that the reflectivities were had with")


@record
class Curvature:
    """Altitude of the reference surface: a0 + a1 x/R + a2 y/R + a3 (x² + y²)/2R²."""

    coefficients: Array = array("coefficient", "m", "a0: offset; a1, a2: tilts; a3: change of radius")
    coefficients_std: Array = array("coefficient", "m", "their standard deviations")
    n: int = number("count", "patches fitted", dtype=int)


@record
class RadarMap:
    """Brightness and altitude of one pass on a map."""

    brightness: Array = array("y x", "1", "σ0 over a power of the backscatter law")
    brightness_std: Array = array("y x", "1", "standard deviation of brightness")
    altitude: Array = array("y x", "m", "altitude above the local reference surface")
    altitude_std: Array = array("y x", "m", "standard deviation of altitude")
    n: Array = array("y x", "1", "effective number of patches averaged")
    incidence: Array = array("y x", "rad", "angle between the radar and the sphere's normal")
    extent: Array = array("y x", "m", "north–south extent of the delay–Doppler cell")
    mask: Array = array("y x", "1", MASK_MEANING, dtype=np.uint8)
    grid: Grid
    exponent: float = number("1", "power of the backscatter law that brightness was divided by")
    time: float = number("s", "middle of the pass, TDB since J2000")


@record
class AltitudeMosaic:
    """Altitudes of several passes in one frame."""

    altitude: Array = array("y x", "m", "altitude above the common reference sphere")
    altitude_std: Array = array("y x", "m", "standard deviation of altitude")
    brightness: Array = array("y x", "1", "mean brightness")
    n: Array = array("y x", "count", "passes", dtype=np.int64)
    grid: Grid
    offsets: Array = array("map coefficient", "m", "what was taken off each map: offset and tilts")
    offsets_std: Array = array("map coefficient", "m", "standard deviations of offsets")


@record
class Predicted:
    """What a pass would give, without simulating it: uniform law, N = S, on the cells of its middle."""

    altitude_std: Array = array("cell", "m", "Cramér–Rao bound of altitude, north equal to south")
    contrast_std: Array = array("cell", "1", "bound of (N − S)/(N + S)")
    signal_std: Array = array("cell", "1", "relative bound of the reflectivity of a patch")
    signal: Array = array("cell", "1", "echo of a patch over noise of the first receiver")
    x: Array = array("cell", "m", "along the Doppler axis")
    y: Array = array("cell", "m", "distance from the Doppler equator")
    extent: Array = array("cell", "m", "north–south extent of the cell")
    mask: Array = array("cell", "1", MASK_MEANING, dtype=np.uint8)
    leverage: float = number(
        "rad", "change of κ_y over the pass × largest |y|: below 4 rad banding is likely"
    )
    runway: float = number(
        "m", "half-width of the runway: |y| up to which the contrast is not told, at x = 100 km"
    )
    alias_edge: float = number("m", "|x| beyond which cells are folded; the cap's radius where none is")
    bands: Array = array("band", "m", "|y| of the maxima of altitude noise, (m + 1/2)λD/2B_N")


@record
class Truth:
    """The scene of a simulation on the cells of a map."""

    altitude: Array = array("y x", "m", "altitude above the reference sphere")
    reflectivity: Array = array("y x", "1", "σ0 of the flat sphere times the patches' factor")
    factor: Array = array("y x", "1", "brightness of material: bright and dark patches")
    grid: Grid


class Facets(NamedTuple):
    """Scatterers of a simulated surface."""

    place: Array
    """(facet, 3) [m], body frame."""
    normal: Array
    """(facet, 3), of the local slope."""
    area: Array
    """(facet,) [m²]."""
    factor: Array
    """(facet,): reflectivity over the law's."""
