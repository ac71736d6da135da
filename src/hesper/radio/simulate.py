"""Model, gains, ionosphere, interference and noise → visibilities as the correlator delivers them."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.radio import model_array, model_gains
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_settings import Observation, Simulation
from hesper.radio.simulate_interference import Fringe, Interference, added, drawn
from hesper.radio.simulate_scene import Sources, Wave, background, calibrator, column, stars, venus, waves
from hesper.radio.simulate_schedule import TARGET, Scan, scans, setup
from hesper.record import Array
from hesper.units import deg

_SCALE = "PB2017"
_PERIODS = np.array([1.0, 1.55, 2.35, 3.65])
"""Of the four waves that drifts of gain are made of, over the shortest."""


class Instrument(NamedTuple):
    """What is drawn once: gains as sums of slow waves in time, and a bandpass."""

    amplitude: Array
    """(antenna, polarisation, 4, 2) waves of log gain: coefficient and phase [rad]."""
    phase: Array
    """(antenna, polarisation, 4, 2) likewise, of the phase [rad]."""
    bandpass: Array
    """(antenna, channel, polarisation) complex."""
    alive: Array
    """(antenna,)"""


class Day(NamedTuple):
    """Everything that a seed determines before the first visibility."""

    setup: Setup
    scans: list[Scan]
    sources: Sources
    waves: Wave
    instrument: Instrument
    interference: Interference
    scale: float
    """Flux densities of the flux calibrators over what their scale says."""


class Delivered(NamedTuple):
    """A scan as delivered, and what is true of it."""

    visibilities: Visibilities
    interference: Array
    """(time, baseline, channel, polarisation) where interference was put that a flagger should find."""
    gain: Array
    """(time, antenna, channel, polarisation) by which the sky was multiplied."""
    sky: Array
    """(time, baseline, channel) [Jy] before all."""


def day(settings: Simulation, *, seed: int) -> Day:
    """Draw array, sources, gains and interference of a day."""
    streams = [np.random.default_rng([seed, kind]) for kind in range(6)]
    array = setup(settings.observation, streams[0])
    return Day(
        array,
        scans(settings.observation),
        background(settings.scene, streams[1]),
        waves(settings.corruption, streams[2]),
        _instrument(settings, array, streams[3]),
        drawn(settings.corruption, array.frequency.size, array.antenna_name.size, streams[4]),
        1 + settings.corruption.flux_scale * float(streams[5].standard_normal()),
    )


def noise(settings: Simulation) -> float:
    """Return the standard deviation [Jy] of a real part: T/(G √(2 Δν τ))."""
    own, observation = settings.corruption, settings.observation
    return float(
        own.system_temperature / own.gain / np.sqrt(2 * observation.channel_width * observation.integration)
    )


def visibilities(settings: Simulation, *, seed: int) -> Iterator[Delivered]:
    """Yield the scans of a simulated day, one after another; the same seed gives the same bytes."""
    drawn_day = day(settings, seed=seed)
    for scan in drawn_day.scans:
        yield delivered(settings, drawn_day, scan, seed=seed)


def delivered(settings: Simulation, today: Day, scan: Scan, *, seed: int) -> Delivered:
    """Return one scan: g₁ g₂* (sky + noise) + interference, in counts."""
    own, observation, array = settings.corruption, settings.observation, today.setup
    generator = np.random.default_rng([seed, 100 + scan.number])
    ra, dec = array.field_ra[scan.field], array.field_dec[scan.field]
    centre = array.antenna_position.mean(axis=0)
    frame = model_array.field_frame(scan.time, ra, dec, centre)
    uvw = model_array.baseline_uvw(frame.axes, array.antenna_position, array.antenna1, array.antenna2)
    direction = (np.tan(np.pi / 2 - np.maximum(frame.elevation, 5 * deg)))[:, None] * np.stack(
        [np.sin(frame.azimuth), np.cos(frame.azimuth)], axis=1
    )
    sky = _sky(settings, today, scan, uvw, direction)
    gain = own.counts**0.5 * _gain(settings, today, scan.time, frame.elevation, direction)
    hands = array.polarisation.size
    # An antenna that is dead hears no sky, but its receiver makes noise all the same.
    heard = today.instrument.alive[array.antenna1] & today.instrument.alive[array.antenna2]
    value = np.repeat((sky * heard[None, :, None])[..., None], hands, axis=-1)
    sigma = noise(settings)
    for part in (value.real, value.imag):
        part += np.float32(sigma) * generator.standard_normal(value.shape, np.float32)
    value = model_gains.with_gains(value, gain, array.antenna1, array.antenna2)
    length = np.linalg.norm(
        array.antenna_position[array.antenna1] - array.antenna_position[array.antenna2], axis=1
    )
    marked = added(
        value, sigma * own.counts, scan.time, length, (array.antenna1, array.antenna2),
        _fringe(settings, array, scan, uvw), today.interference, own, generator,
    )  # fmt: skip
    weight = np.broadcast_to(np.float32(1.0), value.shape)
    made = Visibilities(
        time=scan.time,
        interval=np.full(scan.time.size, observation.integration),
        field=np.full(scan.time.size, scan.field),
        scan=np.full(scan.time.size, scan.number),
        uvw=uvw,
        value=value,
        weight=weight,
        flag=np.zeros(value.shape, bool),
        setup=array,
    )
    return Delivered(made, marked, gain, sky)


def _change(settings: Simulation, array: Setup, scan: Scan) -> Array:
    """Return by how much uvw changes during the integrations of a scan [m]."""
    return model_array.uvw_change(
        scan.time,
        np.full(scan.time.size, settings.observation.integration),
        array.antenna_position,
        array.antenna1,
        array.antenna2,
        float(array.field_ra[scan.field]),
        float(array.field_dec[scan.field]),
    )


def _fringe(settings: Simulation, array: Setup, scan: Scan, uvw: Array) -> Fringe:
    change = _change(settings, array, scan)
    return Fringe(uvw[..., 2] / SPEED_OF_LIGHT, change[..., 2] / SPEED_OF_LIGHT, array.frequency)


def _sky(settings: Simulation, today: Day, scan: Scan, uvw: Array, direction: Array) -> Array:
    array, integration = today.setup, settings.observation.integration
    if str(array.field_name[scan.field]) != TARGET:
        spectrum = calibrator(
            array, scan.field, settings.scene, scale=_SCALE, year=_year(settings.observation),
            factor=today.scale,
        )  # fmt: skip
        return np.broadcast_to(spectrum.astype(np.complex64), (*uvw.shape[:2], spectrum.size))
    change = _change(settings, array, scan)
    sky = stars(array, scan, uvw, change, today.sources, today.waves, direction)
    sky += venus(array, scan, uvw, settings.scene, integration)
    return sky


def _year(observation: Observation) -> float:
    return float(observation.date[:4]) + (float(observation.date[5:7]) - 0.5) / 12


def _instrument(settings: Simulation, array: Setup, generator: np.random.Generator) -> Instrument:
    own = settings.corruption
    antennas, hands, channels = array.antenna_name.size, array.polarisation.size, array.frequency.size

    def drift(scatter: float) -> Array:
        coefficient = generator.normal(0, scatter / 2, (antennas, hands, 4))
        return np.stack([coefficient, generator.uniform(0, 2 * np.pi, (antennas, hands, 4))], axis=-1)

    x = np.linspace(-1, 1, channels) if channels > 1 else np.zeros(1)
    edge = 1 / (1 + np.abs(x / 0.97) ** 40)
    order = np.arange(1, 6)
    shape = np.cos(np.pi * order * x[:, None] / 2)
    ripple = generator.normal(0, own.bandpass / np.sqrt(5), (2, antennas, hands, 5))
    log = np.einsum("zahk,ck->zach", ripple, shape)
    constant = generator.uniform(0, 2 * np.pi, (antennas, 1, hands))
    bandpass = edge[None, :, None] * np.exp(log[0] + 1j * (log[1] + constant))
    alive = np.ones(antennas, bool)
    alive[generator.permutation(antennas)[: own.dead_antennas]] = False
    return Instrument(drift(own.amplitude_drift), drift(own.phase_drift), bandpass, alive)


def _gain(settings: Simulation, today: Day, time: Array, elevation: Array, direction: Array) -> Array:
    """Return the gain (time, antenna, channel, polarisation) of a scan."""
    own, array, instrument = settings.corruption, today.setup, today.instrument
    periods = own.drift_period * _PERIODS
    since = (time - today.scans[0].time[0])[:, None] * 2 * np.pi / periods

    def drift(part: Array) -> Array:
        return np.asarray(
            np.einsum("ahk,tahk->tah", part[..., 0], np.sin(since[:, None, None] + part[..., 1]))
        )

    loss = 1 - own.elevation_gain * np.clip((85 * deg - elevation) / (62 * deg), 0, 2)
    slow = loss[:, None, None] ** 0.5 * np.exp(drift(instrument.amplitude) + 1j * drift(instrument.phase))
    east, north = _ground(array)
    electrons = column(today.waves, time, np.stack([east, north], axis=1), direction)
    phase = model_gains.electron_phase(electrons, array.frequency)
    return np.asarray(
        slow[:, :, None] * instrument.bandpass[None] * np.exp(1j * phase)[..., None], np.complex64
    )


def _ground(array: Setup) -> tuple[Array, Array]:
    """Return where the antennas stand, east and north of their centre [m]."""
    centre = array.antenna_position.mean(axis=0)
    up, to_east, to_north = model_array.horizon(centre)
    del up
    place = array.antenna_position - centre
    return place @ to_east, place @ to_north
