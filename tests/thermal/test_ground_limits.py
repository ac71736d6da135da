"""Values that no ground has are refused by name; the ends of what is possible are not."""

import pytest

from hesper import config
from hesper.errors import InputError
from hesper.thermal import pipeline_settings
from hesper.thermal.pipeline import Config


@pytest.mark.parametrize(
    ("family", "values", "named"),
    [
        ("uniform", [-4.0], "permittivity"),
        ("uniform", [0.5], "permittivity"),
        ("step", [4.2, -1.0, -300.0], "deep_temperature|loss_depth|ground"),
        ("buried mirror", [4.2, -1.0, 2.0], "mirror_reflectivity"),
        ("emissivity law", [0.1, -5.0], "exponent|ground.values"),
    ],
)
def test_impossible_grounds_are_refused(family, values, named):
    recipe = config.load(Config, {"ground": {"family": family, "values": values}})
    with pytest.raises(InputError, match=named):
        pipeline_settings.ground(recipe)


@pytest.mark.parametrize("permittivity", [1.0, 100.0])
def test_extreme_but_possible_grounds_pass(permittivity):
    recipe = config.load(Config, {"ground": {"family": "uniform", "values": [permittivity]}})
    _, values = pipeline_settings.ground(recipe)
    assert values[0] == permittivity
