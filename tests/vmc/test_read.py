"""Names, phases and cameras of images."""

from itertools import pairwise

import pytest

from hesper.errors import InputError, MissingError
from hesper.products import pds3
from hesper.vmc import read
from hesper.vmc.data import CHANNELS, PHASES


def test_name_is_parsed():
    assert read.name("folder/V2946_0031_N22.IMG") == (2946, 31, "N2", 2)
    assert read.name("v0260_0008_uv3.img") == (260, 8, "UV", 3)


@pytest.mark.parametrize("wrong", ["V260_0008_UV2.IMG", "V0260_0008_XX2.IMG", "V0260_0008_UV2.GEO", "a.IMG"])
def test_a_wrong_name_is_refused(wrong):
    with pytest.raises(InputError, match=r"not the name of an image; V<orbit>"):
        read.name(wrong)


def test_phases_leave_no_gap():
    assert [read.phase(o).name for o in (0, 529, 530, 1135, 1136, 1583, 1584, 2446, 2447, 3153)] == [
        "", "", "EXT1", "EXT1", "EXT2", "EXT2", "EXT3", "EXT3", "EXT4", "EXT4",
    ]  # fmt: skip
    for before, after in pairwise(PHASES):
        assert after.first == before.last + 1
    with pytest.raises(InputError, match="0 to 3153"):
        read.phase(3154)


def _label(first, size):
    text = f"MACROPIXEL_SIZE = {size}\nLINE_FIRST_PIXEL = {first}\nSAMPLE_FIRST_PIXEL = 513\nEND\n"
    return pds3.parse_label(text)


def test_pinhole_honours_window_and_binning():
    channel = CHANNELS["UV"]
    whole, half = read.pinhole(_label(513, 1), channel), read.pinhole(_label(513, 2), channel)
    assert (whole.sample, whole.line) == pytest.approx((channel.sample - 513, channel.line - 513))
    assert half.focal == whole.focal / 2
    # The centre of a binned pixel lies between two pixels.
    assert 2 * half.sample + 0.5 == pytest.approx(whole.sample)
    assert read.pinhole(_label(523, 1), channel).line == pytest.approx(whole.line - 10)
    with pytest.raises(InputError, match="MACROPIXEL_SIZE"):
        read.pinhole(_label(513, 0), channel)


def test_an_empty_folder_is_missing_images(tmp_path):
    with pytest.raises(MissingError, match="no \\*\\.IMG"):
        read.files(tmp_path)
