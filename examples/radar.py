"""From the complex looks of two receivers to brightness, altitude and their uncertainties."""

import numpy as np

from hesper.config import load
from hesper.radar import (
    calibrate_echoes,
    calibrate_fringes,
    calibrate_patches,
    grid_patches,
    model_echo,
    plot_interferometer,
    retrieve_patches,
    simulate,
    simulate_pass,
    simulate_scene,
    simulate_terrain,
)
from hesper.radar.data_settings import Observation, Reduction, Scene, Stations, Waveform
from hesper.units import km

# Small on purpose: half the depth, coarse facets, a receive window every half hour.
stations, reduction = load(Stations, {}), load(Reduction, {})
waveform = load(Waveform, {"gates": 32})
observation = load(Observation, {"date": "1974-01-20", "cycle": "30 min"})
scene = load(Scene, {"facet": "6 km", "reach": "600 km"})

geometry = simulate_pass.geometry(stations, waveform, observation)
view = simulate.frame(geometry)
planet = simulate_terrain.terrain(scene)
facets = simulate_scene.facets(planet, view, spacing=scene.facet, reach=scene.reach, seed=1)
setup = simulate.Setup(facets, geometry, stations, waveform, observation, scene, 1)

statistics = calibrate_echoes.statistics(simulate.echoes(setup))
statistics = calibrate_fringes.fringes(statistics, scene)
patches = retrieve_patches.patches(statistics, reduction, scene)
patches = calibrate_patches.flattened(patches, calibrate_patches.curvature(patches))

scale = float(model_echo.budget(stations, waveform, scene, float(geometry.distance[6])).scale[0])
law = calibrate_patches.backscatter(patches, scale)
area = grid_patches.area_of(patches, 10 * km, 560 * km)
surface = grid_patches.surface(patches, area, law=law, scale=scale)

good = (patches.mask == 0) & np.isfinite(patches.altitude)
print(f"{good.sum()} of {good.size} patches solved without a flag")
print(f"median σ of altitude: {np.median(patches.altitude_std[good]):.0f} m a patch")
print(f"Muhleman's law: k = {law.muhleman[0]:.4f}, a = {law.muhleman[1]:.3f} (put in: 0.0118 and 0.111)")
plot_interferometer.side_by_side(surface, grid_patches.smoothed(surface)).savefig("radar.png")
