"""The laws of backscatter of a pass: found within their errors, or said not to be determined."""

from types import SimpleNamespace

import numpy as np
import pytest

from hesper.errors import InputError
from hesper.radar import calibrate_echoes, calibrate_patches
from hesper.radar.model import muhleman
from hesper.units import deg

K, A = 0.0118, 0.111


def _law(seed, count, spread, largest):
    """Fit patches of Muhleman's law, of a brightness that scatters from place to place."""
    rng = np.random.default_rng(seed)
    cells = count // 2
    incidence, azimuth = rng.uniform(1 * deg, largest, cells), rng.uniform(0, np.pi, cells)
    value = muhleman(incidence, scale=K, a=A) * np.exp(spread * rng.normal(size=(2, cells)))
    patches = SimpleNamespace(
        signal=value, signal_std=value, area=np.ones(cells), droop=np.ones(cells), n=50.0,
        incidence=incidence, mask=np.zeros((2, cells), np.uint8), x=np.cos(azimuth), y=np.sin(azimuth),
    )  # fmt: skip
    return calibrate_patches.backscatter(patches, 1.0)


def test_the_laws_of_good_passes_are_found_within_their_errors():
    found = [_law(seed, 1000, 0.4, 6 * deg) for seed in range(30)]
    pulls = [(law.muhleman[0] - K) / law.muhleman_std[0] for law in found]
    assert np.isfinite(pulls).all()
    # Of 30 numbers the rms is known to 13 %; a jackknife over eight parts may state more, not less.
    assert 0.4 < np.sqrt(np.mean(np.square(pulls))) < 1.4


@pytest.mark.parametrize(("count", "spread", "largest"), [(160, 0.5, 2.2), (100, 0.3, 3.0), (300, 0.5, 4.0)])
def test_poor_passes_do_not_state_what_they_do_not_know(count, spread, largest):
    """Few annuli near one incidence hold k and a only together: an error that is stated holds."""
    wrong, stated = 0, 0
    for seed in range(30):
        law = _law(seed, count, spread, largest * deg)
        assert np.isfinite(law.reflectivity).all()
        if np.isfinite(law.muhleman_std[0]):
            stated += 1
            wrong += abs(law.muhleman[0] - K) > 3 * law.muhleman_std[0]
        else:
            assert law.muhleman_std[0] == np.inf
    assert stated < 30
    # 0.27 % beyond 3σ for a normal law, 3 of 100 for Student's of few degrees of freedom.
    assert wrong <= 2


def test_a_dead_receiver_is_named():
    early = np.ones((3, 2, 3, 8))
    early[:, 1] = 0.0
    with pytest.raises(InputError, match="the gates before the front of DSS-13-26m hold no noise"):
        calibrate_echoes.noise(early, np.ones(3), "DSS-14,DSS-13-26m")
