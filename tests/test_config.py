import itertools

import numpy as np
import pytest

from hesper import config
from hesper.errors import InputError, MissingError, UnitError
from hesper.record import record, setting
from hesper.units import arcsec, km


@record
class Slit:
    """The slit."""

    width: float = setting(0.5 * arcsec, "rad", "width of the slit", shown="arcsec", minimum=0.0)
    lines: tuple[float, ...] = setting((5889.95e-10,), "m", "lines", shown="nm")


@record
class Recipe:
    """A recipe."""

    pixel: float = setting(0.2 * arcsec, "rad", "size of a pixel", shown="arcsec", minimum=0.0)
    altitude: float = setting(70 * km, "m", "altitude", shown="km", maximum=100 * km)
    seed: int = setting(1, "1", "seed")
    route: str = setting("paper", "text", "route", choices=("paper", "recommended"))
    fast: bool = setting(False, "1", "fast")
    share: float = setting(0.1, "1", "share", shown="percent", minimum=0.0, maximum=1.0)
    dates: tuple[str, ...] = setting(("1974-01-20",), "text", "dates")
    slit: Slit


def test_template_reads_back_as_the_defaults(tmp_path):
    path = tmp_path / "recipe.toml"
    path.write_text(config.template(Recipe, title="a recipe"))
    assert config.resolved(config.load(Recipe, path)) == config.resolved(config.frozen_defaults(Recipe))
    assert 'pixel = "0.2 arcsec"' in path.read_text()
    assert "(paper | recommended)" in path.read_text()


def test_units_are_converted():
    recipe = config.load(
        Recipe, {"pixel": "100 mas", "slit": {"width": "1 arcmin", "lines": ["589 nm", "8680 Angstrom"]}}
    )
    assert recipe.pixel == pytest.approx(0.1 * arcsec)
    assert np.allclose(recipe.slit.lines, [589e-9, 868e-9])
    assert config.load(Recipe, {"share": "5 percent"}).share == pytest.approx(0.05)
    with pytest.raises(UnitError, match="has no unit"):
        config.load(Recipe, {"share": 0.05})


def test_resolved_makes_the_same_recipe_again():
    recipe = config.load(Recipe, {"pixel": "0.123456789 arcsec", "dates": ["1972-06-20"]})
    again = config.load(Recipe, config.resolved(recipe))
    assert config.resolved(again) == config.resolved(recipe)
    text = config.to_toml(config.resolved(recipe))
    import tomllib

    assert tomllib.loads(text) == config.resolved(recipe)


def test_overrides():
    recipe = config.load(
        Recipe, {}, overrides=["slit.width=0.8 arcsec", "route=recommended", "seed=7", "fast=true"]
    )
    assert (recipe.route, recipe.seed, recipe.fast) == ("recommended", 7, True)
    assert recipe.slit.width == pytest.approx(0.8 * arcsec)


def test_a_bare_date_is_text():
    recipe = config.load(Recipe, {}, overrides=["dates=[1972-06-20, 1974-01-20T20:13:00]"])
    assert recipe.dates == ("1972-06-20", "1974-01-20T20:13:00")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"pixle": "1 arcsec"}, InputError, "recipe: unknown key 'pixle'; did you mean 'pixel'?"),
        ({"slit": {"widht": 1}}, InputError, "unknown key 'slit.widht'; did you mean 'width'?"),
        ({"zzz": 1}, InputError, "known here: pixel, altitude"),
        ({"pixel": 0.2}, UnitError, 'pixel = 0.2 has no unit; write for example "0.2 arcsec"'),
        ({"pixel": "0.2"}, UnitError, "pixel = '0.2' has no unit"),
        ({"pixel": "0.2 km"}, UnitError, "'km' is not a unit of this"),
        ({"pixel": "0.2 arcsecs"}, UnitError, "is not a number and a unit"),
        ({"pixel": "nan arcsec"}, InputError, "a finite number is needed"),
        ({"pixel": "-1 arcsec"}, InputError, "allowed: ≥ 0.0 arcsec"),
        ({"altitude": "200 km"}, InputError, "allowed: ≤ 100.0 km"),
        ({"altitude": True}, InputError, "a quantity is needed"),
        ({"altitude": [1, 2]}, InputError, "a quantity is needed"),
        ({"seed": 1.5}, InputError, "a whole number is needed"),
        ({"seed": True}, InputError, "a whole number is needed"),
        ({"route": "papre"}, InputError, "did you mean 'paper'?"),
        ({"route": 3}, InputError, "a string is needed"),
        ({"fast": "yes"}, InputError, "true or false is needed"),
        ({"dates": "1974"}, InputError, "a list is needed"),
        ({"slit": 3}, InputError, "a table [slit] is needed"),
        ({"share": "300 percent"}, InputError, "allowed"),
    ],
)
def test_wrong_recipes_are_refused_in_one_line(given, error, message):
    with pytest.raises(error) as caught:
        config.load(Recipe, given)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("unit", ["arcsec", "km", "K", "Jy", "s", "m / s", "GHz", "DN", "electron", "Pa"])
def test_every_wrong_unit_is_refused(unit):
    fields = {"pixel": "arcsec", "altitude": "km"}
    for name, right in fields.items():
        if unit != right:
            with pytest.raises((UnitError, InputError)):
                config.load(Recipe, {name: f"1 {unit}"})


def test_files(tmp_path):
    with pytest.raises(MissingError, match="no such recipe"):
        config.load(Recipe, tmp_path / "absent.toml")
    for content, message in (
        (b"a = ", "not TOML"),
        (b"\xff\xfe", "not TOML"),
        (b"a = " + b"[" * 5000, "nested too deeply|not TOML"),
    ):
        path = tmp_path / "bad.toml"
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            config.load(Recipe, path)
    with pytest.raises(InputError, match="not a regular file"):
        config.load(Recipe, tmp_path)
    with pytest.raises(InputError, match="neither a file nor a folder"):
        config.existing("/dev/zero")
    with pytest.raises(MissingError):
        config.existing(str(tmp_path / "absent"))
    with pytest.raises(InputError, match="is no path"):
        config.existing("a\0b")


def test_pairs_of_errors_do_not_hide_each_other():
    for a, b in itertools.permutations(["pixle", "sede"], 2):
        with pytest.raises(InputError, match=a):
            config.load(Recipe, {a: 1, b: 1})
