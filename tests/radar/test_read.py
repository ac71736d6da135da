"""What the reader takes, and what it refuses."""

import numpy as np
import pytest
from PIL import Image

from hesper.errors import InputError, MissingError
from hesper.radar import read
from hesper.units import deg, km

NAME = "venus_ocp_20150813_161747_small.png"


def test_a_picture_becomes_a_look(picture):
    look = read.arecibo_png(picture)
    assert look.power.shape == (819, 819)
    # Ten raw samples to a pixel, the first one's centre between the fifth and the sixth.
    assert look.delay[0] == pytest.approx(4.5 * 3.8e-6, rel=1e-3)
    assert np.diff(look.delay).mean() == pytest.approx(8191 / 819 * 3.8e-6)
    assert np.diff(look.doppler).mean() == pytest.approx(1 / (819 * 8191 * 3.8e-6))
    assert look.doppler.mean() == pytest.approx(-0.5 / (8192 * 8191 * 3.8e-6))
    assert (look.polarisation, look.pointing, look.receiver) == ("OC", "N", "Arecibo")


def test_the_display_weight_is_divided_out(picture):
    look = read.arecibo_png(picture)
    shade = np.asarray(Image.open(picture), float)
    rows = (np.arange(819) + 0.5) * 8191 / 819 - 0.5
    weight = 1.1 - np.cos(np.pi / 2 * rows / 8190)
    assert np.allclose(np.sqrt(look.power) * weight[:, None], shade)


def test_axes_of_2020_are_reversed(picture, tmp_path):
    other = tmp_path / NAME.replace("2015", "2020").replace("ocp", "scp")
    other.write_bytes(picture.read_bytes())
    look = read.arecibo_png(other)
    assert np.array_equal(look.power[:, ::-1], read.arecibo_png(picture).power)
    assert look.polarisation == "SC"


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("venus.png", "not the name"),
        ("venus_ocp_20151313_161747_small.png", "no time"),
        ("venus_ocp_20120527_180159_small.png", "Green Bank"),
        ("venus_xcp_20150813_161747_small.png", "not the name"),
    ],
)
def test_wrong_names_are_refused(picture, tmp_path, name, word):
    path = tmp_path / name
    path.write_bytes(picture.read_bytes())
    with pytest.raises(InputError, match=word):
        read.arecibo_png(path)


def _colour(shade):
    return Image.fromarray(np.stack([shade, shade // 2, shade], axis=-1))


@pytest.mark.parametrize(
    ("make", "word"),
    [
        (lambda s: Image.fromarray(s[:800]), "819 × 819 are needed"),
        (lambda s: Image.fromarray(s > 30), "mode 1"),
        (_colour, "coloured"),
        (lambda s: Image.fromarray(np.stack([s] * 4, axis=-1)), "transparent"),
        (lambda s: Image.fromarray(np.full_like(s, 9)), "that is no look"),
    ],
)
def test_wrong_pictures_are_refused(picture, tmp_path, make, word):
    shade = np.array(Image.open(picture))
    make(shade).save(tmp_path / NAME)
    with pytest.raises(InputError, match=word):
        read.arecibo_png(tmp_path / NAME)


def _flipped(whole, place):
    return whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :]


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"",
        lambda whole: b"not a picture",
        lambda whole: whole[: len(whole) // 2],
        lambda whole: whole[:-12],
        lambda whole: whole[:-20],
        lambda whole: _flipped(whole, 20),
        lambda whole: _flipped(whole, len(whole) // 2),
        lambda whole: _flipped(whole, len(whole) - 14),
        lambda whole: whole[:5000] + bytes(500) + whole[5500:],
    ],
)
def test_damaged_files_are_refused(picture, tmp_path, damage):
    (tmp_path / NAME).write_bytes(damage(picture.read_bytes()))
    with pytest.raises(InputError, match="no picture, or damaged") as caught:
        read.arecibo_png(tmp_path / NAME)
    assert "\n" not in str(caught.value)


def test_absent_files_and_wrong_pointing(picture, tmp_path):
    with pytest.raises(MissingError):
        read.arecibo_png(tmp_path / NAME)
    with pytest.raises(InputError, match="N or S"):
        read.arecibo_png(picture, pointing="north")


def test_features_are_those_of_the_gazetteer():
    names = {f.name: (round(f.lon / deg, 6), round(f.lat / deg, 6)) for f in read.features()}
    assert names == {
        "Maxwell Montes": (3.3, 65.2),
        "Rhea Mons": (282.2, 32.4),
        "Theia Mons": (281.0, 22.7),
    }


def test_topography_is_placed_and_checked(tmp_path):
    path = tmp_path / "topogrd.dat"
    values = np.zeros((180, 360))
    values[24, (3 - 240) % 360] = 8.0
    np.savetxt(path, values.reshape(-1, 10), fmt="%.2f")
    found = read.topography(path)
    row, column = np.unravel_index(np.argmax(found.altitude), (180, 360))
    assert found.altitude.max() == pytest.approx(8.04 * km)
    assert found.grid.y[row] / 6051.8e3 / deg == pytest.approx(65.5)
    assert (found.grid.x[column] / 6051.8e3 / deg) % 360 == pytest.approx(3.5)
    for text in ("1 2 3", "a b", "30 " * 64800):
        path.write_text(text)
        with pytest.raises(InputError):
            read.topography(path)


def test_mosaic_must_be_a_globe(tmp_path):
    path = tmp_path / "map.png"
    Image.fromarray(np.zeros((10, 30), np.uint8)).save(path)
    with pytest.raises(InputError, match="twice as wide"):
        read.mosaic(path)
