"""Noiseless visibilities of the sky: calibrators, background sources, Venus."""

from typing import NamedTuple

import numpy as np

from hesper import ephemeris
from hesper.physics import planck, sky
from hesper.radio import model_array, model_beam, model_flux, model_planet, model_sources
from hesper.radio.data import Setup
from hesper.radio.data_settings import Corruption, Scene
from hesper.radio.simulate_schedule import TARGET, Scan
from hesper.record import Array
from hesper.units import Jy, MHz, km

_REFERENCE = 606 * MHz
_SCREEN_HEIGHT = 350 * km


class Sources(NamedTuple):
    """Background sources about the target's centre."""

    east: Array
    north: Array
    flux_density: Array
    """(source,) [Jy] at 606 MHz, without the primary beam."""
    slope: Array
    """(source,) spectral index."""


class Wave(NamedTuple):
    """Travelling waves in the ionosphere.

    Amplitudes [m⁻²], wave vectors [rad/m], pulsations [rad/s], phases [rad].
    """

    amplitude: Array
    vector: Array
    """(wave, 2) east, north."""
    pulsation: Array
    phase: Array


def background(scene: Scene, generator: np.random.Generator) -> Sources:
    """Draw background sources: N(>S) ∝ S^−1 between the limits, evenly, none within 2 arcmin."""
    share = generator.random(scene.sources)
    flux = 1 / (1 / scene.brightest + share * (1 / scene.faintest - 1 / scene.brightest))
    least = min(5.8e-4, 0.5 * scene.radius) ** 2
    radius = np.sqrt(least + generator.random(scene.sources) * (scene.radius**2 - least))
    angle = generator.uniform(0, 2 * np.pi, scene.sources)
    index = scene.spectral_index + 0.2 * generator.standard_normal(scene.sources)
    return Sources(radius * np.sin(angle), radius * np.cos(angle), flux, index)


def waves(corruption: Corruption, generator: np.random.Generator) -> Wave:
    """Draw four waves of random directions whose amplitudes add up, in quadrature, to that of the recipe."""
    angle = generator.uniform(0, 2 * np.pi, 4)
    stretch = generator.uniform(0.5, 2.0, 4)
    number = 2 * np.pi / (corruption.wave_length * stretch)
    return Wave(
        np.full(4, corruption.ionosphere / 2),
        number[:, None] * np.stack([np.sin(angle), np.cos(angle)], axis=1),
        2 * np.pi / (corruption.wave_period * stretch),
        generator.uniform(0, 2 * np.pi, 4),
    )


def column(wave: Wave, time: Array, ground: Array, direction: Array) -> Array:
    """Return the electron column (time, antenna) [m⁻²] over antennas that look in a direction.

    Parameters
    ----------
    wave
        The waves.
    time
        (time,) [s].
    ground
        (antenna, 2) east and north [m].
    direction
        (time, 2) tangent of the zenith distance, to the east and to the north.
    """
    where = ground[None] + _SCREEN_HEIGHT * direction[:, None]
    phase = where @ wave.vector.T + time[:, None, None] * wave.pulsation + wave.phase
    return np.asarray(np.sin(phase) @ wave.amplitude)


def refraction(wave: Wave, time: Array, direction: Array, offset: Array, frequency: float) -> Array:
    """Return by how much waves move a source against the centre of its field, (time, 2) [rad] at a frequency.

    A column's gradient G turns a ray by 40.3 G/ν² [m³ s⁻²]; what the gain of the antennas holds is the turn
    at the centre, and left is the difference across the field, at points that are `offset` × 350 km apart.
    """

    def gradient(extra: Array) -> Array:
        where = _SCREEN_HEIGHT * (direction + extra)
        phase = where @ wave.vector.T + time[:, None] * wave.pulsation + wave.phase
        return np.asarray(np.cos(phase) * wave.amplitude @ wave.vector)

    nothing = np.zeros(2)
    return np.asarray(-40.308 / frequency**2 * (gradient(offset) - gradient(nothing)))


def calibrator(setup: Setup, field: int, scene: Scene, *, scale: str, year: float, factor: float) -> Array:
    """Return the spectrum (channel,) [Jy] of a calibrator at the centre of its field.

    One that is on the scale has `factor` times what the scale says.
    """
    name = str(setup.field_name[field])
    if model_flux.calibrator_near(setup.field_ra[field], setup.field_dec[field]):
        known = model_flux.find_calibrator(name).name
        said = model_flux.calibrator_flux(known, setup.frequency, scale=scale, year=year).flux_density
        return np.asarray(factor * said)
    return secondary_flux(scene, setup.frequency)


def secondary_flux(scene: Scene, frequency: Array) -> Array:
    """Return the spectrum (channel,) [Jy] of the calibrator that is on no scale."""
    return np.asarray(scene.calibrator_flux * (frequency / _REFERENCE) ** -0.5)


def contrast_flux(scene: Scene, frequency: Array, diameter: Array) -> Array:
    """Return the flux density (time, channel) [Jy] of the disk over the sky that it hides."""
    hidden = sky.temperature(frequency, scene.sky_408)
    return np.asarray(
        planck.flux_density(scene.temperature - hidden[None], frequency[None], diameter[:, None]) / Jy
    )


def venus(setup: Setup, scan: Scan, uvw: Array, scene: Scene, integration: float) -> Array:
    """Return the visibilities (time, baseline, channel) [Jy] of the moving, resolved disk."""
    field = list(setup.field_name).index(TARGET)
    ra, dec = float(setup.field_ra[field]), float(setup.field_dec[field])
    view = ephemeris.viewing(scan.time, tuple(setup.antenna_position.mean(axis=0)))
    direction = _direction(setup, scan.time, ra, dec)
    ends = [
        (
            model_planet.uvw_at(
                scan.time + sign * 0.5 * integration,
                setup.antenna_position,
                setup.antenna1,
                setup.antenna2,
                ra,
                dec,
            ),
            _direction(setup, scan.time + sign * 0.5 * integration, ra, dec),
        )
        for sign in (-1, 1)
    ]
    beam = model_beam.find_beam(setup.telescope, float(setup.frequency.mean()))
    offset = np.arcsin(np.hypot(*direction.T))
    response = model_beam.primary_beam(offset[:, None], setup.frequency[None], beam.coefficients)
    return model_planet.moving_disk(
        uvw,
        setup.frequency,
        direction,
        model_planet.path_change(*ends),
        view.angular_diameter,
        response * contrast_flux(scene, setup.frequency, view.angular_diameter),
        exponent=scene.limb,
        channel_width=setup.channel_width,
    )


def _direction(setup: Setup, time: Array, ra: float, dec: float) -> Array:
    """Return the direction cosines (time, 2) of Venus, seen from the array."""
    view = ephemeris.viewing(time, tuple(setup.antenna_position.mean(axis=0)))
    return np.stack(model_array.direction_cosines(view.ra, view.dec, ra, dec), axis=-1)


def stars(
    setup: Setup, scan: Scan, uvw: Array, change: Array, sources: Sources, wave: Wave, direction: Array
) -> Array:
    """Return the background's visibilities (time, baseline, channel) [Jy], seen through the waves."""
    beam = model_beam.find_beam(setup.telescope, float(setup.frequency.mean()))
    offset = np.arcsin(np.hypot(sources.east, sources.north))
    response = model_beam.primary_beam(offset[:, None], setup.frequency[None], beam.coefficients)
    spectrum = sources.flux_density[:, None] * (setup.frequency / _REFERENCE) ** sources.slope[:, None]
    moved = (
        np.stack(
            [
                refraction(wave, scan.time, direction, np.array([x, y]), float(setup.frequency.mean()))
                for x, y in zip(sources.east, sources.north, strict=True)
            ],
            axis=1,
        )
        if sources.east.size
        else np.zeros((len(scan.time), 0, 2))
    )
    out = np.empty((*uvw.shape[:2], setup.frequency.size), np.complex64)
    for t in range(len(scan.time)):
        out[t] = model_sources.predict_smeared(
            uvw[t],
            setup.frequency,
            sources.east + moved[t, :, 0],
            sources.north + moved[t, :, 1],
            response * spectrum,
            uvw_change=change[t],
            channel_width=setup.channel_width,
        )
    return out
