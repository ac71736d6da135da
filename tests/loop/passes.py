"""Simulated passes and their reduction, as the closed loops of the radar ask for them."""

import numpy as np

from hesper import config
from hesper.geometry import sphere
from hesper.radar import (
    calibrate_echoes,
    calibrate_fringes,
    calibrate_patches,
    model_echo,
    retrieve_patches,
    simulate,
    simulate_pass,
    simulate_scene,
    simulate_terrain,
)
from hesper.radar.data_settings import Observation, Reduction, Scene, Stations, Waveform


def simulated(
    *, date="1974-01-20", seed=1, planet=None, observation=None, waveform=None, stations=None, **scene
):
    settings = [
        config.load(Stations, stations or {}),
        config.load(Waveform, waveform or {}),
        config.load(Observation, {"date": date} | (observation or {})),
    ]
    surface = config.load(Scene, {"facet": "3 km", "reach": "830 km", "relief": "test"} | scene)
    geometry = simulate_pass.geometry(*settings)
    view = simulate.frame(geometry)
    if planet is None:
        smooth = surface.relief == "smooth"
        planet = simulate_terrain.terrain(surface) if smooth else simulate_terrain.trial_terrain(view)
    facets = simulate_scene.facets(planet, view, spacing=surface.facet, reach=surface.reach, seed=seed)
    return simulate.Setup(facets, geometry, *settings, surface, seed), planet


def reduced(setup, statistics=None, *, point=False, fringes=True, **settings):
    given = calibrate_echoes.statistics(simulate.echoes(setup)) if statistics is None else statistics
    if fringes:
        given = calibrate_fringes.fringes(given, setup.scene)
    return retrieve_patches.patches(given, config.load(Reduction, settings), setup.scene, point=point)


def errors(patches, planet):
    places = sphere.unit_vector(patches.lon, patches.lat).reshape(-1, 3)
    return patches.altitude - simulate_scene.altitude(planet, places).reshape(patches.altitude.shape)


def robust(values):
    return 1.4826 * np.median(np.abs(values - np.median(values)))


def over_law(setup, patches):
    """Return σ0 over the law, and its std (side, cell)."""
    row = len(setup.geometry.time) // 2
    budget = model_echo.budget(
        setup.stations, setup.waveform, setup.scene, float(setup.geometry.distance[row])
    )
    value, std = calibrate_patches.reflectivity(patches, float(budget.scale[0]))
    law = model_echo.reflectivity(patches.incidence, setup.scene)
    return value / law, std / law


def weighted_mean(value, std):
    """Return the weighted mean of what is finite and its standard deviation."""
    known = np.isfinite(value) & np.isfinite(std) & (std > 0)
    weight = 1 / std[known] ** 2
    return np.sum(weight * value[known]) / weight.sum(), 1 / np.sqrt(weight.sum())
