import dataclasses

import numpy as np
import pytest

from hesper import ephemeris
from hesper.config import frozen_defaults
from hesper.units import arcsec
from hesper.winds import model, pipeline_demo, pipeline_recommended
from hesper.winds.pipeline_config import Config, simulated


@pytest.fixture(scope="session")
def recipe():
    """The paper's run with the same geometry and photons in 80 frames of 256 rows."""
    return pipeline_demo.reduced_size(frozen_defaults(Config))


@pytest.fixture(scope="session")
def small(recipe):
    """A run of 16 frames, for what needs frames but not precision."""
    return dataclasses.replace(
        recipe, observation=dataclasses.replace(recipe.observation, frames=16, exposure=60.0)
    )


@pytest.fixture(scope="session")
def small_run(small):
    return simulated(small)


@pytest.fixture(scope="session")
def small_reduction(small, small_run):
    return pipeline_recommended.reduce(small, small_run.frames)


@pytest.fixture(scope="session")
def disk():
    times = ephemeris.tdb_seconds("2007-11-07T13:30:00")[0] + np.array([-600.0, 0.0, 600.0])
    view = ephemeris.viewing(times, "Teide", kernel="DE421")
    return model.aspect(view, slit_angle=model.terminator_angle(view), radius=view.radius)


@pytest.fixture(scope="session")
def paper_cells(disk):
    """The 128 cells of the paper's map: 8 columns of 16 rows."""
    x, y = np.meshgrid(np.arange(0.5, 8), np.arange(-7.5, 8), indexing="xy")
    return x.ravel() * arcsec, y.ravel() * arcsec
