"""A look of known content, as a picture and as a record."""

import dataclasses

import numpy as np
import pytest

from hesper.constants import VENUS_RADIUS
from hesper.geometry import sphere
from hesper.radar import model, read
from hesper.units import deg, km

NAME = "venus_ocp_20150813_161747_small.png"
SPOT = (300 * deg, 45 * deg)
"""Bright disk of 400 km on the northern side."""


def _power(look, rng, centre, front):
    """Return noise of mean 1 with an echo ∝ 1/|y| on axes displaced by centre [Hz] and front [s]."""
    rate, view = look.echo.rotation_rate[0], model.frame(look.echo)
    fine = 4
    steps = (np.arange(fine) - (fine - 1) / 2) / fine
    echo = np.zeros(look.power.shape)
    for a in steps:
        for b in steps:
            delay = look.delay + a * (look.delay[1] - look.delay[0]) - front
            doppler = look.doppler + b * (look.doppler[1] - look.doppler[0]) - centre
            place = model.plane(delay[:, None], doppler, rotation_rate=rate, frequency=look.frequency)
            on = np.isfinite(place.y) & (place.z <= VENUS_RADIUS)
            value = np.where(on, 0.5 * VENUS_RADIUS / np.maximum(np.nan_to_num(place.y), 10 * km), 0)
            spot = sphere.unit_vector(*SPOT)
            along = place.x * (view.doppler @ spot) + place.z * (view.radar @ spot)
            along = along + place.y * (view.north @ spot)
            near = np.nan_to_num(along) > VENUS_RADIUS * np.cos(400 * km / VENUS_RADIUS)
            echo += value * np.where(near, 5.0, 1.0) / fine**2
    speckle = rng.gamma(30.0, 1 / 30.0, look.power.shape)
    return (1 + echo) * speckle


@pytest.fixture(scope="session")
def picture(tmp_path_factory):
    """Return the path of a picture with the right name, size and mode, and nothing in it but grey noise."""
    from PIL import Image

    path = tmp_path_factory.mktemp("look") / NAME
    rng = np.random.default_rng(5)
    shade = rng.integers(10, 60, (819, 819)).astype(np.uint8)
    Image.fromarray(shade).save(path)
    return path


@pytest.fixture(scope="session")
def displaced(picture):
    """Return a synthetic look whose axes are off by 0.05 Hz and 20 µs."""
    look = read.arecibo_png(picture)
    power = 7.0 * _power(look, np.random.default_rng(2), 0.05, 20e-6)
    return dataclasses.replace(look, power=power)
