"""Files whose uvw do not belong to their antennas and fields are refused."""

import dataclasses

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.errors import InputError, ResourceError
from hesper.radio import model_array, pipeline_inputs, pipeline_memory, read_uvfits, write
from hesper.radio.data_settings import Reduction


def _archive(data, folder):
    path = folder / "a.fits"
    path.write_bytes(write.uvfits([data], write.rows_with_weight(data)))
    return read_uvfits.uvfits(path)


@pytest.fixture(scope="module")
def seen():
    return day(integrations=4, scan=4, channels=2, antennas=np.arange(0, 30, 4))[0]


def test_uvw_of_the_field_pass(seen, tmp_path):
    pipeline_inputs.check_uvw(_archive(seen, tmp_path), 0)


def test_the_other_sign_is_refused(seen, tmp_path):
    wrong = dataclasses.replace(seen, uvw=-seen.uvw)
    with pytest.raises(InputError, match=r"other sign .* swap the antennas of all rows"):
        pipeline_inputs.check_uvw(_archive(wrong, tmp_path), 0)


def test_uvw_of_another_place_are_refused_and_the_place_is_named(seen, tmp_path):
    setup = seen.setup
    dec = float(setup.field_dec[0]) + np.radians(8.0)
    frame = model_array.field_frame(
        seen.time, float(setup.field_ra[0]), dec, setup.antenna_position.mean(axis=0)
    )
    uvw = model_array.baseline_uvw(frame.axes, setup.antenna_position, setup.antenna1, setup.antenna2)
    with pytest.raises(InputError, match=rf"declination {np.degrees(dec):+.2f}".replace("+", r"\+")):
        pipeline_inputs.check_uvw(_archive(dataclasses.replace(seen, uvw=uvw), tmp_path), 0)


def test_memory_is_dealt_out_or_asked_for():
    small = Reduction(size=512, memory=8e8)
    large = Reduction(size=512, memory=2e9)
    first, second = (pipeline_memory.budget(settings) for settings in (small, large))
    assert all(a < b for a, b in zip(first, second, strict=True))
    assert pipeline_memory.loss({0.01: 100, 0.02: 50, 0.04: 20}, 60) == 0.02
    assert pipeline_memory.loss({0.01: 100, 0.02: 50, 0.04: 20}, 1) == 0.04
    with pytest.raises(ResourceError, match=r"500 MB given; an image of 2048 × 2048 pixels needs 13\d\d MB"):
        pipeline_memory.budget(Reduction(size=2048, memory=5e8))
