"""Every figure is drawn, and says what it must."""

import numpy as np
import pytest
from tests.radio.scene_image import day

from hesper import figures
from hesper.radio import (
    calibrate_track,
    grid_clean,
    grid_image,
    grid_masks,
    grid_samples,
    plot_calibration,
    plot_image,
    read,
    retrieve,
    retrieve_disk,
    retrieve_profile,
    retrieve_temperature,
)
from hesper.radio.data_calibration import Bandpass, FlagReport, Gains
from hesper.radio.data_image import Beam, Frame
from hesper.units import MHz, arcsec, deg


def is_png(drawn):
    return figures.png(drawn, dpi=50).startswith(b"\x89PNG")


def test_images_and_the_uv_plane():
    seen, followed = day(integrations=20, step=800.0, noise=0.5, channels=4)
    tracked = calibrate_track.averaged(seen, followed, integrations=1, channels=2)
    fitted = retrieve_disk.disk(tracked, free=retrieve_disk.FLUX_ALONE)
    samples = grid_samples.of_planet(tracked)
    frame = Frame(ra=0.8, dec=0.36, pixel=1.2 * arcsec, size=64, frequency=606e6, bandwidth=16e6, time=0.0)
    dirty = grid_image.dirty(samples, samples.weight, frame)
    clean = grid_clean.hogbom(dirty, grid_masks.disk(frame, 16 * arcsec), sigmas=3.0)
    drawn = plot_image.contours(
        clean.restored, frame, clean.beam, levels=[-2, 2, 4], radius=30 * arcsec, disk=22 * arcsec, title="V"
    )
    # East is on the left.
    assert drawn.axes[0].get_xlim()[0] > drawn.axes[0].get_xlim()[1]
    assert is_png(drawn)
    assert is_png(plot_image.stages(dirty.image, clean, scale=5e-3, title="V"))
    assert is_png(plot_image.coverage(tracked))
    rings = retrieve_profile.profile(tracked, fitted, edges=np.linspace(0, 3e4, 11))
    drawn = plot_image.profile(rings, fitted)
    assert f"{fitted.flux_density * 1e3:.2f}" in drawn.axes[0].get_legend().get_texts()[0].get_text()


def test_the_beam_leans_as_its_angle_says():
    frame = Frame(ra=0.8, dec=0.36, pixel=1 * arcsec, size=64, frequency=606e6, bandwidth=16e6, time=0.0)
    beam = Beam(major=9 * arcsec, minor=3 * arcsec, angle=30 * deg)
    drawn = plot_image.contours(
        np.eye(64), frame, beam, levels=[1.0], radius=30 * arcsec, disk=20 * arcsec, title=""
    )
    ellipse = next(p for p in drawn.axes[0].patches if hasattr(p, "angle") and p.width != p.height)
    top = ellipse.get_patch_transform().transform([(0, 1)])[0] - ellipse.center
    # The end of the major axis in the north lies toward the east, by tan 30°.
    assert top[0] / top[1] == pytest.approx(np.tan(30 * deg))


def test_spectrum_has_all_of_table_4():
    found = retrieve_temperature.fluxes(
        np.array([58e-29, 1e-29]), np.array([1e-29, 1e-29]), label=["a", "b"],
        frequency=np.array([606.0, 240.0]) * MHz, angular_diameter=np.full(2, 22.7 * arcsec), sky_408=30.0,
        sky_408_std=4.0, sky_model=retrieve.SCALED_WHOLE, calibration=0.05,
    )  # fmt: skip
    drawn = plot_image.spectrum(found, read.published("mohan2017_table4"))
    labels = {t.get_text() for t in drawn.axes[0].get_legend().get_texts()}
    assert labels == {
        "Butler et al. 2001",
        "Mohan et al. 2017",
        "Muhleman et al. 1973",
        "Condon et al. 1973",
        "hesper",
    }
    assert is_png(drawn)


def test_calibration_and_flags():
    rng = np.random.default_rng(0)
    names = np.array([f"A{i}" for i in range(5)])
    shape = (4, 5, 1)
    gains = Gains(
        time=np.arange(4.0) * 1800, field=np.zeros(4, int), amplitude=1 + 0.1 * rng.standard_normal(shape),
        amplitude_std=np.full(shape, 0.01), phase=rng.standard_normal(shape), phase_std=np.full(shape, 0.01),
        elevation=np.linspace(0.5, 1.2, 4), antenna_name=names, reference="A0",
    )  # fmt: skip
    assert is_png(plot_calibration.gains(gains))
    wide = (5, 16, 1)
    band = Bandpass(
        frequency=606e6 + np.arange(16) * 1e6, amplitude=np.ones(wide), amplitude_std=np.ones(wide),
        phase=np.zeros(wide), phase_std=np.ones(wide), antenna_name=names,
        reference="A0",
    )  # fmt: skip
    assert is_png(plot_calibration.bandpass(band))
    report = FlagReport(
        step=np.array(["record", "automatic"]), part=np.array([0.01, 0.1]), antenna_name=names,
        antenna_part=np.linspace(0, 1, 5), baseline_part=np.zeros(10), channel_part=np.linspace(0, 1, 16),
        frequency=band.frequency, polarisation_part=np.array([0.1]),
    )  # fmt: skip
    assert is_png(plot_calibration.flags(report))
