"""Simulated passes come back: relief, brightness, phases, law, within the stated errors."""

import dataclasses

import numpy as np
import pytest
from tests.loop.passes import errors, reduced, robust, simulated

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.geometry import sphere
from hesper.radar import (
    calibrate_echoes,
    calibrate_fringes,
    calibrate_patches,
    grid_mosaic,
    grid_patches,
    model_echo,
    plan_pass,
    retrieve_features,
    retrieve_runway,
    simulate,
    simulate_scene,
)
from hesper.radar.data_interferometer import AMBIGUOUS, INCOMPLETE
from hesper.radar.data_settings import Reduction
from hesper.record import take
from hesper.units import deg, km


@pytest.fixture(scope="module")
def made():
    setup, planet = simulated(facet="4 km")
    return setup, planet, calibrate_echoes.statistics(simulate.echoes(setup))


@pytest.fixture(scope="module")
def still(made):
    """Return the statistics with the phases that were put in taken out again, and their solution."""
    setup, _, given = made
    turn = np.exp(-1j * simulate.phase_walk(setup)[:, 1])[:, None, None, None]
    known = dataclasses.replace(given, cross=given.cross * turn)
    return known, reduced(setup, known, fringes=False)


def test_altitudes_and_their_errors(made, still):
    _, planet, _ = made
    patches = still[1]
    error, usable = errors(patches, planet), (patches.mask & ~np.uint8(INCOMPLETE)) == 0
    near = (patches.y > 100 * km) & (patches.y < 600 * km)
    assert abs(np.median(error[usable & near])) < 30
    far = usable & (patches.y > 200 * km)
    scaled = error[far] / patches.altitude_std[far]
    assert 0.9 < robust(scaled) < 1.2
    # Walls of the features, blurred by the cells, lie beyond the Gaussian's share of 0.27 %.
    assert np.mean(np.abs(scaled) < 1) == pytest.approx(0.683, abs=0.04)
    assert np.mean(np.abs(scaled) < 3) > 0.97


def test_features_come_back(made, still):
    patches = still[1]
    view = simulate.frame(made[0].geometry)

    def place(x, y):
        z = np.sqrt(VENUS_RADIUS**2 - (x * km) ** 2 - (y * km) ** 2)
        return sphere.lon_lat(x * km * view.doppler + y * km * view.north + z * view.radar)

    large = retrieve_features.crater(patches, *place(250.0, 350.0), 160 * km)
    assert large.value == pytest.approx(500, abs=40 + 2 * large.std)
    small = retrieve_features.crater(patches, *place(120.0, -420.0), 75 * km)
    assert small.value == pytest.approx(430, abs=70 + 2 * small.std)
    trough = retrieve_features.trough(patches, -300 * km, 120 * km)
    assert trough.value == pytest.approx(1500, abs=100 + 2 * trough.std)


def test_point_cells_are_biased_near_the_runway(made, still):
    """Taken for points, cells are wrong by up to 300 m, one way or the other by the gate they lie in."""
    setup, planet, _ = made
    whole, worst = [], []
    for patches in (still[1], reduced(setup, still[0], point=True, fringes=False)):
        error = errors(patches, planet)
        use = np.isfinite(error) & (np.abs(patches.x) < 250 * km)
        bins = [
            np.median(error[use & (patches.y > low * km) & (patches.y < (low + 20) * km)])
            for low in range(100, 200, 20)
        ]
        near = use & (patches.y > 100 * km) & (patches.y < 200 * km)
        whole.append(float(np.median(error[near])))
        worst.append(float(np.max(np.abs(bins))))
    assert abs(whole[0]) < 30
    assert worst[0] < 60
    assert worst[1] > 2 * worst[0]


def test_brightness_and_contrast(made, still):
    setup, planet, _ = made
    patches = still[1]
    row = len(setup.geometry.time) // 2
    budget = model_echo.budget(
        setup.stations, setup.waveform, setup.scene, float(setup.geometry.distance[row])
    )
    value, _ = calibrate_patches.reflectivity(patches, float(budget.scale[0]))
    places = sphere.unit_vector(patches.lon, patches.lat).reshape(-1, 3)
    away = simulate_scene.factor(planet, places).reshape(value.shape)
    flat = np.abs(simulate_scene.altitude(planet, places)).reshape(value.shape) < 1.0
    plain = (away == 1.0) & flat & ((patches.mask & ~np.uint8(INCOMPLETE)) == 0) & (patches.y > 200 * km)
    both = plain.all(axis=0)
    ratio = value.mean(axis=0)[both] / model_echo.reflectivity(patches.incidence[both], setup.scene)
    assert np.median(ratio) == pytest.approx(1.0, abs=0.03)
    # One look has a relative variance of one, less what both patches average; 324 looks.
    assert 0.04 < robust(ratio) < 0.08
    contrast = (patches.signal[0] - patches.signal[1]) / patches.signal.sum(axis=0)
    assert abs(np.mean(contrast[both])) < 0.01
    law = calibrate_patches.backscatter(patches, float(budget.scale[0]))
    assert law.muhleman[1] == pytest.approx(0.111, abs=0.003)
    assert law.muhleman[0] == pytest.approx(0.0118, rel=0.05)
    assert law.muhleman_rms < law.hagfors_rms


def test_phases_are_found_and_altitudes_stay(made, still):
    setup, _, given = made
    found = calibrate_fringes.fringes(given, setup.scene)
    residual = (found.phase - simulate.phase_walk(setup))[:, 1]
    assert residual.std() < 0.010
    # Without the constant, which is a tilt, all that is left is far below one cycle's noise.
    level = dataclasses.replace(found, cross=found.cross * np.exp(1j * residual.mean()))
    patches = reduced(setup, level, fringes=False)
    both = (patches.mask == 0) & (still[1].mask == 0)
    change = (patches.altitude - still[1].altitude)[both] / patches.altitude_std[both]
    assert np.sqrt(np.mean(change**2)) < 0.15
    assert np.median(patches.altitude_std[both] / still[1].altitude_std[both]) == pytest.approx(1, abs=0.05)
    swapped = dataclasses.replace(given, cross=given.cross.conj())
    with pytest.raises(InputError, match="wrong order"):
        calibrate_fringes.fringes(swapped, setup.scene)
    cross = given.cross.copy()
    cross[3] = cross[3].conj()
    with pytest.raises(InputError, match=r"in receive cycle 4 of .* with the opposite sign"):
        calibrate_fringes.fringes(dataclasses.replace(given, cross=cross), setup.scene)


@pytest.mark.slow
def test_offsets_are_tilts_and_shifts(made, still):
    setup, _, _ = made
    base = still[1]
    angle = 5 * deg
    turned = dataclasses.replace(still[0], cross=still[0].cross * np.exp(1j * angle))
    patches = reduced(setup, turned, fringes=False)
    ky = np.abs(setup.geometry.fringe[:, 1, 1]).mean()
    for distance, share in ((400, 0.12), (700, 0.06)):
        near = (np.abs(patches.y - distance * km) < 40 * km) & (patches.mask == 0).all(axis=0)
        near &= (base.mask == 0).all(axis=0)
        change = np.median((patches.altitude - base.altitude)[:, near], axis=1)
        # Opposite in sign on both sides of the Doppler equator: φ |y|/(κ_y R).
        size = angle * distance * km / (ky * VENUS_RADIUS)
        assert change[0] * change[1] < 0
        assert np.abs(change).mean() == pytest.approx(size, rel=share)
    late = dataclasses.replace(still[0], depth=still[0].depth + 0.2 * (still[0].depth[1] - still[0].depth[0]))
    moved = reduced(setup, late, fringes=False)
    keys = [1000 * p.gate + p.column for p in (moved, base)]
    _, here, there = np.intersect1d(*keys, return_indices=True)
    change = moved.altitude[:, here] - base.altitude[:, there]
    shift = np.median(change[np.isfinite(change) & (base.y[there] > 250 * km)])
    assert abs(shift) == pytest.approx(149.9, abs=8)


@pytest.mark.slow
def test_the_chain_takes_offsets_out(made):
    """Delay, Doppler centre, origin of the fringes, phase: after phases and curvature nothing is left."""
    setup, _, given = made

    def flat(**changed):
        patches = reduced(setup, dataclasses.replace(given, **changed))
        return calibrate_patches.flattened(patches, calibrate_patches.curvature(patches))

    base = flat()
    gate, cell = given.depth[1] - given.depth[0], given.shift[1] - given.shift[0]
    origin = np.exp(2e3j * given.geometry.fringe[:, 1, 1])[:, None, None, None]
    for changed in (
        {"depth": given.depth + 0.2 * gate},
        {"shift": given.shift + 0.2 * cell},
        {"cross": (given.cross * origin).astype(np.complex64)},
        {"cross": given.cross * np.complex64(np.exp(5j * deg))},
    ):
        assert _difference(flat(**changed), base) < 10


def _difference(one, other):
    """Return the rms [m] of medians of altitude differences over parts of the disk of 50 by 500 km."""
    keys = [1000 * p.gate + p.column for p in (one, other)]
    _, here, there = np.intersect1d(*keys, return_indices=True)
    change = one.altitude[:, here] - other.altitude[:, there]
    sound = (one.mask[:, here] | other.mask[:, there]) == 0
    x, y = other.x[there], other.y[there]
    medians = []
    for side in range(2):
        for low in range(150, 700, 50):
            for west in (-750, -250, 250):
                part = sound[side] & (y > low * km) & (y < (low + 50) * km)
                part &= (x > west * km) & (x < (west + 500) * km)
                if part.sum() > 30:
                    medians.append(np.median(change[side, part]))
    assert len(medians) > 40
    return np.sqrt(np.mean(np.square(medians)))


def test_gaps_and_noise_are_flagged(made, still):
    setup, _, _ = made
    n = np.array(still[0].n)
    n[5:15] = 0
    power = np.array(still[0].power)
    power[:, :, 30] = np.nan
    gaps = dataclasses.replace(still[0], n=n, power=power)
    patches = reduced(setup, gaps, fringes=False)
    assert np.all((patches.mask & INCOMPLETE) > 0)
    # Tracked cells pass through the lost gate for a while only.
    lost = np.isnan(patches.signal).any(axis=0)
    assert lost.mean() < 0.1
    rng = np.random.default_rng(3)
    noise = [
        dataclasses.replace(
            echo,
            voltage=(rng.normal(size=(*echo.voltage.shape, 2)) @ np.array([1, 1j])) / np.sqrt(2),
        )
        for echo, _ in zip(simulate.echoes(setup), range(2), strict=False)
    ]
    with pytest.raises(InputError, match=r"shows no echo|annuli"):
        empty = reduced(setup, calibrate_echoes.statistics(noise))
        calibrate_patches.backscatter(empty, 1.0)
    single = [dataclasses.replace(take(e, "receiver", slice(0, 1)), stations="DSS-14") for e in noise]
    with pytest.raises(InputError, match="one receiver"):
        calibrate_echoes.statistics(single)
    with pytest.raises(InputError, match="same time"):
        calibrate_echoes.statistics([noise[0], noise[0]])
    with pytest.raises(InputError, match="no receive cycle"):
        calibrate_echoes.statistics([])


def test_a_short_pass_has_a_wide_runway(made, still):
    """One hour of six: the edge that the patches show is the one that the bounds predict, within a cell."""
    setup, _, _ = made
    middle = len(setup.geometry.time) // 2
    some = slice(middle - 3, middle + 3)
    hour = dataclasses.replace(take(still[0], "cycle", some), cycles=6)
    settings = config.load(Reduction, {})
    patches = reduced(setup, hour, fringes=False)
    found = retrieve_runway.runway(patches, settings.contrast_limit)
    predicted = plan_pass.predict(
        hour.geometry, setup.stations, setup.waveform, setup.scene, looks=9, reduction=settings
    ).runway
    middle_columns = np.abs(found.x) < 300 * km
    cell = 0.75 * km * VENUS_RADIUS / predicted
    assert np.median(found.half_width[middle_columns]) == pytest.approx(predicted, abs=cell)
    black = retrieve_runway.blackened(patches, found)
    strip = (patches.y < predicted - 2 * cell) & (np.abs(patches.x) < 300 * km)
    assert np.mean((black.mask[:, strip] & AMBIGUOUS) > 0) > 0.95
    whole = retrieve_runway.runway(still[1], settings.contrast_limit)
    assert np.median(whole.half_width[np.abs(whole.x) < 300 * km]) < 0.6 * predicted


def test_maps_and_mosaic(made, still):
    setup, planet, _ = made
    patches = still[1]
    area = grid_patches.area_of(patches, 10 * km, 780 * km)
    budget = model_echo.budget(
        setup.stations, setup.waveform, setup.scene, float(setup.geometry.distance[17])
    )
    scale = float(budget.scale[0])
    law = calibrate_patches.backscatter(patches, scale)
    surface = grid_patches.surface(patches, area, law=law, scale=scale)
    known = simulate_scene.truth(planet, area, simulate.frame(setup.geometry), setup.scene)
    seen = np.isfinite(surface.altitude) & ((surface.mask & ~np.uint8(INCOMPLETE)) == 0)
    assert seen.mean() > 0.35
    error = (surface.altitude - known.altitude)[seen] / surface.altitude_std[seen]
    # Neighbouring patches smear features; the plains give the width of the distribution.
    assert 0.7 < robust(error) < 1.5
    whole = grid_patches.surface(patches, area, law=law, scale=scale, exponent=1.0)
    none = grid_patches.surface(patches, area, law=law, scale=scale, exponent=0.0)
    ranges = [np.ptp(10 * np.log10(_by_incidence(m))) for m in (none, surface, whole)]
    assert ranges[1] == pytest.approx(ranges[0] / 2, rel=0.15)
    assert ranges[2] < 1.0
    jitter = np.random.default_rng(1).normal(size=surface.altitude.shape) * 20.0
    other = dataclasses.replace(surface, altitude=surface.altitude + 300.0 + jitter)
    joined = grid_mosaic.mosaic([surface, other])
    assert joined.offsets[1, 0] == pytest.approx(300.0, abs=5)
    both = np.isfinite(joined.altitude)
    assert robust((joined.altitude - surface.altitude)[both]) < 15
    with pytest.raises(InputError, match="overlaps"):
        far = dataclasses.replace(surface, altitude=np.full_like(surface.altitude, np.nan))
        grid_mosaic.mosaic([surface, far])


def _by_incidence(surface):
    edges = np.arange(2.0, 6.6, 0.5) * deg
    return [
        np.nanmedian(surface.brightness[(surface.incidence > a) & (surface.incidence < a + 0.5 * deg)])
        for a in edges
    ]
