"""What the paper reports of its images: dates agree, small craters and the ridge are seen."""

import numpy as np
import pytest
from tests.loop.passes import over_law, reduced, simulated, weighted_mean

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.products import Provenance
from hesper.radar import (
    calibrate_patches,
    model_echo,
    pipeline,
    pipeline_interferometer,
    pipeline_tiles,
    simulate,
    simulate_pass,
    simulate_scene,
    simulate_terrain,
)
from hesper.radar.data_interferometer import INCOMPLETE
from hesper.radar.data_settings import Observation, Scene, Stations, Waveform
from hesper.radar.pipeline_config import Config
from hesper.runs import open_run
from hesper.units import km


@pytest.mark.slow
@pytest.mark.parametrize("material", [0.23, 0.0])
def test_dates_that_overlap_agree(tmp_path, material):
    """20 June 1972 and 20 January 1974 see most of their common ground from opposite sides."""
    folders = []
    for date in ("1972-06-20", "1974-01-20"):
        recipe = {
            "observation": {"date": date, "cycle": "15 min"}, "scene": {"facet": "3 km", "material": material}
        }  # fmt: skip
        made = config.load(Config, recipe)
        found = pipeline_interferometer.reduce(made, simulate.echoes(pipeline_tiles.setup(made)), None)
        folders.append(tmp_path / date)
        with open_run(folders[-1], Provenance({}), quiet=True) as run:
            pipeline_interferometer.products(found, run)
    joined = config.load(Config, {"source": "mosaic", "runs": [str(folder) for folder in folders]})
    with open_run(tmp_path / "joined", Provenance({}), quiet=True) as run:
        rows = {row.quantity: row for row in pipeline.run(joined, run)}
    name = "1972-06-20 and 1974-01-20"
    whole, opposite = f"{name}, the whole overlap", f"{name}, seen from opposite sides"
    # A smoothed cell shares its patches with its neighbours: some twenty are one.
    std = {
        part: 1 / np.sqrt(int(rows[f"{part}: correlation of altitude"].note.split()[0]) / 20)
        for part in (whole, opposite)
    }
    for part in (whole, opposite):
        assert rows[f"{part}: correlation of altitude"].value > 3 * std[part]
    assert rows[f"{whole}: correlation of brightness"].value > 3 * std[whole]
    bright = rows[f"{opposite}: correlation of brightness"].value
    if material:
        # Material looks the same from all sides.
        assert bright > 3 * std[opposite]
    else:
        # Slopes alone: what faced one radar turned its back to the other.
        assert bright < -3 * std[opposite]
    shift = rows[f"{name}: shift in longitude"]
    assert abs(shift.value) < 3 * shift.std
    period = rows[f"{name}: period of rotation"]
    assert abs(period.value - 243.0185) < 3 * period.std


@pytest.mark.slow
def test_the_smallest_craters_that_are_resolved():
    """ "The smallest objects that can be resolved are 35 to 40 km across"; small ones ring one of 75 km."""
    places = {40.0: (150.0, 480.0), 75.0: (0.0, -500.0)}
    # A ring of small ones as round the large one, here without it, for its own wall would hide in it.
    ring = [(300.0 + 37.5 * np.cos(a), -450.0 + 37.5 * np.sin(a)) for a in np.radians([20, 110, 200, 290])]
    geometry = simulate_pass.geometry(*(config.load(kind, {}) for kind in (Stations, Waveform, Observation)))
    view = simulate.frame(geometry)

    def crater(x, y, diameter, depth):
        z = np.sqrt(VENUS_RADIUS**2 - (x * km) ** 2 - (y * km) ** 2)
        lon, lat = sphere.lon_lat(x * km * view.doppler + y * km * view.north + z * view.radar)
        return simulate_terrain.Crater(float(lon), float(lat), diameter * km, depth, 0.0)

    smooth = simulate_terrain.terrain(config.load(Scene, {"relief": "smooth"}))
    craters = [crater(*places[d], d, 500.0) for d in places] + [crater(*p, 25.0, 500.0) for p in ring]
    setup, _ = simulated(planet=smooth._replace(craters=craters), facet="2 km", phase_walk="0 rad")
    patches = reduced(setup, fringes=False)
    row = len(setup.geometry.time) // 2
    scale = model_echo.budget(
        setup.stations, setup.waveform, setup.scene, float(setup.geometry.distance[row])
    ).scale
    value, std = calibrate_patches.reflectivity(patches, float(scale[0]))
    ratio = value / model_echo.reflectivity(patches.incidence, setup.scene)
    error = std / model_echo.reflectivity(patches.incidence, setup.scene)

    def walls(x, y, diameter):
        """Return how far the near and the far wall lie from 1, in standard deviations."""
        side, away = (0, patches.y - y * km) if y > 0 else (1, patches.y + y * km)
        near = np.abs(patches.x - x * km) < max(diameter / 3, 6.0) * km
        parts = [
            near & (np.abs(away - sign * 0.38 * diameter * km) < max(0.17 * diameter, 5.0) * km)
            for sign in (-1, 1)
        ]
        out = []
        for part in parts:
            weight = 1 / error[side, part] ** 2
            out.append(np.sum(weight * (ratio[side, part] - 1)) / np.sqrt(weight.sum()))
        return out

    # Beyond the floor the wall faces the radar and is bright, before it the wall is turned away.
    for diameter in (75.0, 40.0):
        before, beyond = walls(*places[diameter], diameter)
        assert before < -3 < 3 < beyond
    seen = np.zeros(len(patches.x), bool)
    for x, y in ring:
        seen |= np.hypot(patches.x - x * km, patches.y + y * km) < 12.5 * km
    square = ((ratio[1, seen] - 1) / error[1, seen]) ** 2
    assert seen.sum() > 8
    assert square.mean() > 1 + 3 * np.sqrt(2 / seen.sum())


@pytest.mark.slow
def test_the_rim_of_the_75_km_crater_bears_small_ones():
    """Small craters on the rim, against the same crater without them: walls dark before, bright beyond."""
    geometry = simulate_pass.geometry(*(config.load(kind, {}) for kind in (Stations, Waveform, Observation)))
    view = simulate.frame(geometry)

    def crater(x, y, diameter, depth, rim):
        z = np.sqrt(VENUS_RADIUS**2 - (x * km) ** 2 - (y * km) ** 2)
        lon, lat = sphere.lon_lat(x * km * view.doppler + y * km * view.north + z * view.radar)
        return simulate_terrain.Crater(float(lon), float(lat), diameter * km, depth, rim)

    # As the paper's scene has them round its crater of 75 km.
    ring = [(58 * np.sin(a), -500 + 58 * np.cos(a)) for a in np.radians([20.0, 75.0, 125.0, 165.0])]
    large = crater(0.0, -500.0, 75.0, 500.0, 60.0)
    smooth = simulate_terrain.terrain(config.load(Scene, {"relief": "smooth"}))

    def solved(craters, seed):
        setup, _ = simulated(planet=smooth._replace(craters=craters), phase_walk="0 rad", seed=seed)
        patches = reduced(setup, fringes=False)
        return patches, *(part[1] for part in over_law(setup, patches))

    patches, plain, plain_std = solved([large], 1)
    _, ringed, ringed_std = solved([large, *(crater(x, y, 36.0, 300.0, 40.0) for x, y in ring)], 1)
    _, again, again_std = solved([large], 2)

    def walls(value, std):
        """Return how far the near and the far walls of the small craters differ, in standard deviations."""
        parts = np.zeros((2, len(patches.x)), bool)
        for x, y in ring:
            near = np.abs(patches.x - x * km) < 12 * km
            away = patches.y + y * km
            for k, sign in enumerate((-1, 1)):
                parts[k] |= near & (np.abs(away - sign * 0.38 * 36 * km) < 0.17 * 36 * km)
        return [
            np.divide(*weighted_mean((value - plain)[part], np.hypot(std, plain_std)[part])) for part in parts
        ]

    before, beyond = walls(ringed, ringed_std)
    assert before < -3 < 3 < beyond
    # The same ground with other speckle shows none.
    assert np.all(np.abs(walls(again, again_std)) < 3)


@pytest.mark.slow
def test_the_ridge_is_bright_and_dark_but_its_sign_is_open():
    """18 February 1974: "curvilinear", 860 km; slopes show it, altitude leaves its sign undetermined."""
    ridge = simulate_terrain.paper_features()[1][1]
    points = sphere.unit_vector(*np.transpose(ridge.line))
    length = VENUS_RADIUS * np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert length.sum() == pytest.approx(860 * km, rel=0.03)
    smooth = simulate_terrain.terrain(config.load(Scene, {"relief": "smooth"}))
    setup, planet = simulated(date="1974-02-18", planet=smooth._replace(troughs=[ridge]), phase_walk="0 rad")
    patches = reduced(setup, fringes=False)
    ratio, std = over_law(setup, patches)
    places = sphere.unit_vector(patches.lon, patches.lat)
    piece = np.argmax(np.einsum("scv,pv->scp", places, points), axis=-1)
    here = simulate_scene.altitude(planet, places.reshape(-1, 3)).reshape(ratio.shape)
    # The slope as the radar sees it: the altitude a little nearer to the sub-radar point, and farther.
    inward = sphere.normalized(patches.radar - (places @ patches.radar)[..., None] * places)
    rise = [
        simulate_scene.altitude(
            planet, sphere.normalized(places + s * 2 * km / VENUS_RADIUS * inward).reshape(-1, 3)
        ).reshape(ratio.shape)
        for s in (1, -1)
    ]
    usable = ((patches.mask & ~np.uint8(INCOMPLETE)) == 0) & np.isfinite(patches.altitude)
    facing, turned = (usable & (sign * (rise[1] - rise[0]) > 20.0) for sign in (1, -1))
    crest = usable & (here > 200.0)
    bright, dark, undecided = 0, 0, 0
    # Stretches of four pieces, about 200 km.
    stretches = [np.isin(piece, range(k, k + 4)) for k in range(0, len(points), 4)]
    seen = [s for s in stretches if min((s & facing).sum(), (s & turned).sum(), (s & crest).sum()) >= 5]
    assert len(seen) >= 3
    for stretch in seen:
        one, other = (
            weighted_mean(ratio[stretch & part] - 1, std[stretch & part]) for part in (facing, turned)
        )
        bright += one[0] > 3 * one[1]
        dark += other[0] < -3 * other[1]
        high = weighted_mean(patches.altitude[stretch & crest], patches.altitude_std[stretch & crest])
        undecided += abs(high[0]) < 3 * high[1]
    assert bright > len(seen) / 2 < dark
    assert undecided > len(seen) / 2
