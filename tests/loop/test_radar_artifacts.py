"""What the geometry of a pass does to its maps: leakage, folding; and the model's own statistics."""

import numpy as np
import pytest
from scipy import stats
from tests.loop.passes import reduced, robust, simulated

from hesper import config
from hesper.constants import VENUS_RADIUS
from hesper.radar import (
    calibrate_echoes,
    calibrate_patches,
    model_covariance,
    model_echo,
    retrieve_cells,
    retrieve_patches,
    simulate,
)
from hesper.radar.data_interferometer import ALIASED, FIXED
from hesper.radar.data_settings import Reduction
from hesper.units import km


@pytest.mark.slow
def test_a_bright_patch_leaks_little_into_its_mirror():
    setup, _ = simulated(relief="smooth", phase_walk="0 rad")
    for gain, limit in ((10.0, -19.0), (100.0, -26.0)):
        facets = setup.facets
        view = simulate.frame(setup.geometry)
        south = facets.place @ view.north < 0
        bright = facets._replace(factor=np.where(south, gain, 1.0))
        patches = reduced(setup._replace(facets=bright), fringes=False)
        use = (patches.y > 150 * km) & (np.abs(patches.x) < 500 * km) & (patches.iterations > 0)
        use &= np.isfinite(patches.signal).all(axis=0)
        weak = patches.signal[0, use] / (patches.signal[1, use] / gain)
        if gain == 10.0:
            # At 20 dB the estimate itself is biased by some per cent, as the draws of the model are.
            assert np.median(weak) == pytest.approx(1.0, abs=0.02)
        level = 10 * np.log10(robust(weak) / gain)
        assert level < limit


@pytest.mark.slow
def test_folded_cells_are_flagged_and_too_bright():
    setup, _ = simulated(date="1974-02-27", relief="smooth", phase_walk="0 rad")
    patches = reduced(setup, fringes=False)
    flagged = ((patches.mask & ALIASED) > 0).any(axis=0)
    assert np.abs(patches.x[flagged]).min() == pytest.approx(534 * km, abs=15 * km)
    row = len(setup.geometry.time) // 2
    budget = model_echo.budget(
        setup.stations, setup.waveform, setup.scene, float(setup.geometry.distance[row])
    )
    value, _ = calibrate_patches.reflectivity(patches, float(budget.scale[0]))
    ratio = value.mean(axis=0) / model_echo.reflectivity(patches.incidence, setup.scene)
    across, use = np.abs(patches.x) / km, patches.y > 150 * km

    def level(low, high):
        return float(np.median(ratio[use & (across > low) & (across < high)]))

    assert level(0, 500) == pytest.approx(1.0, abs=0.03)
    assert 1.2 < level(540, 600) < 1.8
    assert 1.9 < level(600, 640) < 3.2
    near = simulated(relief="smooth")[0]
    quiet = calibrate_echoes.statistics(e for e, _ in zip(simulate.echoes(near), range(1), strict=False))
    found = retrieve_patches.patches(quiet, config.load(Reduction, {}), near.scene)
    assert not np.any(found.mask & ALIASED)
    assert np.all((found.mask & FIXED) > 0)


@pytest.mark.slow
def test_simulated_looks_have_the_covariance_of_the_model():
    setup, _ = simulated(
        relief="smooth", phase_walk="0 rad", facet="2 km", observation={"duration": "10 min", "looks": 100}
    )
    echoes = next(simulate.echoes(setup))
    statistics = calibrate_echoes.statistics([echoes])
    block = next(retrieve_cells.cells(statistics, setup.scene))
    distance = float(setup.geometry.distance[0])
    scale = model_echo.budget(setup.stations, setup.waveform, setup.scene, distance).scale
    power = (
        model_echo.droop(statistics.shift, setup.waveform.doppler_cell * setup.waveform.doppler_cells) ** 2
    )
    x, z = block.tracked.x[:, 0], block.tracked.z[:, 0]
    signal = scale[0] * block.area * power[block.column] * model_echo.reflectivity(
        np.arccos(z / VENUS_RADIUS), setup.scene
    )  # fmt: skip
    chosen = np.flatnonzero((block.n[:, 0] > 0) & (block.tracked.y[:, 0] > 100 * km) & (np.abs(x) < 700 * km))
    chosen = np.random.default_rng(4).choice(chosen, 1000, replace=False)
    gain, looks = scale / scale[0], 100
    matrix, slopes = np.zeros((2, 2), complex), np.zeros((4, 2, 2), complex)
    scores, whitened = [], []
    for i in chosen:
        theta = np.array([signal[i], signal[i], 0.0, 0.0])
        model_covariance.covariance(
            theta, block.q[i, 0], block.kxx[i, 0], block.ky[0], block.tracked.y[i, 0], gain, VENUS_RADIUS,
            matrix, slopes,
        )  # fmt: skip
        voltage = echoes.voltage[:, :, block.gate[i], block.column[i]]
        found = voltage.T @ voltage.conj() / looks
        c11, c22, c12 = matrix[0, 0].real, matrix[1, 1].real, matrix[0, 1]
        # Var Re, Im C12 = (C11 C22 ± Re C12²)/2n.
        real, imaginary = (np.sqrt((c11 * c22 + s * (c12**2).real) / (2 * looks)) for s in (1, -1))
        scores.append(
            [
                (found[0, 0].real / c11 - 1) * np.sqrt(looks),
                (found[1, 1].real / c22 - 1) * np.sqrt(looks),
                (found[0, 1].real - c12.real) / real,
                (found[0, 1].imag - c12.imag) / imaginary,
            ]
        )
        whitened.append(np.abs(voltage[0, 0]) ** 2 / c11)
    beyond = np.mean(np.abs(np.array(scores)) > 3, axis=0)
    # 0.27 % of 1000 cells, and three times what such a count scatters by; 100 looks are nearly Gaussian.
    assert np.all(beyond < 0.0027 + 3 * np.sqrt(0.0027 / 1000) + 0.004)
    assert stats.kstest(whitened, "expon").pvalue > 0.01
