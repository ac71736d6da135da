"""Continuum off a line, and the cube of what is left."""

import dataclasses

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper.errors import InputError
from hesper.radio import calibrate_continuum, pipeline_line
from hesper.radio.data_image import Frame
from hesper.radio.data_settings import Reduction
from hesper.units import arcsec


def _seen():
    """Return 16 channels of a source of 2 Jy that rises by a tenth, with a line of 0.5 Jy in three."""
    seen, _ = day(integrations=12, channels=16, flux=0.0, step=600.0)
    slope = 2.0 * (1 + 0.1 * np.linspace(0, 1, 16))
    line = np.where((np.arange(16) > 6) & (np.arange(16) < 10), 0.5, 0.0)
    value = np.broadcast_to((slope + line)[:, None], seen.value.shape).astype(np.complex64)
    return dataclasses.replace(seen, value=value), line


def test_a_straight_continuum_goes_and_the_line_stays():
    seen, line = _seen()
    flag = np.array(seen.flag)
    flag[:, 5, 3:] = True  # three channels are left of that baseline,
    flag[:, 7] = True  # none of this one
    seen = dataclasses.replace(seen, flag=flag)
    free = calibrate_continuum.channels(["0-5", "11-15"], 16)
    left = calibrate_continuum.without(seen, free)
    good = ~left.flag
    assert np.abs(left.value - line[:, None])[good].max() < 1e-5
    assert left.flag[:, 7].all() and not left.flag[:, 5, :3].any()


def test_ranges_that_are_none_are_refused():
    for given, message in (
        (["4-20"], "write ranges of channels from 0 to 15"),
        (["9"], "write ranges"),
        (["9-4"], "write ranges"),
        (["4-4"], "fewer than two"),
    ):
        with pytest.raises(InputError, match=message):
            calibrate_continuum.channels(given, 16)


def test_the_line_stands_in_its_channels_of_the_cube():
    seen, line = _seen()
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((*seen.value.shape, 2)).astype(np.float32).view(np.complex64)[..., 0]
    seen = dataclasses.replace(seen, value=seen.value + noise, weight=np.ones_like(seen.weight))
    settings = Reduction(size=128, pixel=1.2 * arcsec, continuum=("0-5", "11-15"))
    frame = Frame(
        ra=float(seen.setup.field_ra[0]), dec=float(seen.setup.field_dec[0]), pixel=settings.pixel, size=128,
        frequency=float(seen.setup.frequency.mean()), bandwidth=2e6, time=float(seen.time.mean()),
    )  # fmt: skip
    found = pipeline_line.cube(lambda: [seen], settings, frame)
    middle = found.restored[:, 64, 64]
    # A line's channel has the noise of its visibilities, and that of the continuum under it.
    assert np.all(np.abs(middle - line) < 5 * 1.1 * np.nanmedian(found.rms))
    assert np.nanmedian(found.rms) < 0.05
    rows = {row.quantity: row.value for row in pipeline_line.rows(found)}
    assert rows["peak of the line"] == pytest.approx(0.5, abs=5 * np.nanmedian(found.rms))
