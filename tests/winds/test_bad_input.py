import dataclasses
import warnings

import numpy as np
import pytest

from hesper.config import frozen_defaults
from hesper.errors import HesperError, InputError, MissingError
from hesper.products import Provenance
from hesper.runs import open_run
from hesper.units import angstrom, arcsec, deg
from hesper.winds import (
    calibrate,
    calibrate_wavelengths,
    pipeline,
    pipeline_config,
    pipeline_paper,
    pipeline_recommended,
    read,
    retrieve,
    retrieve_paper,
    retrieve_winds,
    write,
)
from hesper.winds.data_settings import Windows
from hesper.winds.pipeline_config import Config, simulated


def _reduce(config, frames):
    return pipeline_recommended.reduce(config, frames)


def _with_counts(run, counts):
    return dataclasses.replace(run.frames, counts=counts)


def test_files_keep_everything(small, small_run, tmp_path):
    frames = small_run.frames
    for i in (3, 0, 7):
        (tmp_path / f"a{i}.fits").write_bytes(write.frame(frames, i))
    (tmp_path / "dark.fits").write_bytes(write.dark(frames))
    (tmp_path / "flat.fits").write_bytes(write.flat(frames))
    back = read.frames(tmp_path)
    assert back.counts == pytest.approx(frames.counts[[0, 3, 7]])
    assert back.time == pytest.approx(frames.time[[0, 3, 7]], abs=1e-4)
    assert back.flat == pytest.approx(frames.flat, rel=1e-6)
    for name in ("slit_angle", "wavelength", "dispersion", "row_height", "slit_width", "resolution"):
        assert getattr(back.setup, name) == pytest.approx(getattr(frames.setup, name), rel=1e-12)


def test_pipeline_writes_frames_and_reduces_them(small, tmp_path):
    with open_run(tmp_path / "sim", Provenance(recipe={}), quiet=True) as run:
        pipeline.simulate(small, run)
    for name in pipeline.plan_simulate(small).products:
        assert (tmp_path / "sim" / name).is_file()
    for source in ("recommended", "paper"):
        config = dataclasses.replace(small, input=str(tmp_path / "sim"), source=source)
        assert len(pipeline.inputs(config)) == 18
        with open_run(tmp_path / source, Provenance(recipe={}), quiet=True) as run:
            results = pipeline.run(config, run)
        assert all(np.isfinite(r.value) for r in results)
        for name in pipeline.plan(config).products:
            assert (tmp_path / source / name).stat().st_size > 50, name


def _broken(tmp_path, small_run, key, value):
    from astropy.io import fits

    for i in (0, 1):
        path = tmp_path / f"f{i}.fits"
        path.write_bytes(write.frame(small_run.frames, i))
        with fits.open(path, mode="update") as hdus:
            for k in ("CHECKSUM", "DATASUM"):
                hdus[0].header.remove(k, ignore_missing=True)
            if value is None:
                del hdus[0].header[key]
            else:
                hdus[0].header[key] = value
    return tmp_path


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("CRVAL1", None, "lacks CRVAL1"), ("DATE-OBS", None, "lacks DATE-OBS"), ("CUNIT1", "nm",
        "Angstrom is needed"),
        ("CUNIT2", "deg", "arcsec is needed"), ("CTYPE1", "FREQ", "'AWAV'"), ("EXPTIME", 0.0, "positive"),
        ("DATE-OBS", "2007-11-07T13:00:00", "same time"), ("DATE-OBS", "yesterday", "DATE-OBS"),
        ("DATE-OBS", "2007-11-07", "with the time"), ("TIMESYS", "TAI", "needed in UTC"),
        ("DATE-OBS", "2007-11-07T13:06:52+01:00", "DATE-OBS"), ("GAIN", "high", "positive number"),
        ("RDNOISE", -5.0, "from 0"), ("SLITPA", "N", "a number is needed"), ("SPECFWHM", 0.0, "positive"),
        ("BIAS", "x", "a number is needed"), ("OBSGEO-X", 0.0, "on the ground"),
    ],
)  # fmt: skip
def test_headers(small_run, tmp_path, key, value, says):
    with pytest.raises(InputError, match=says) as error:
        read.frames(_broken(tmp_path, small_run, key, value))
    assert "\n" not in str(error.value)


def test_a_frame_of_another_year(small_run, tmp_path):
    _broken(tmp_path, small_run, "DATE-OBS", "2006-11-07T13:00:00")
    for i in (0, 2):
        (tmp_path / f"f{i}.fits").write_bytes(write.frame(small_run.frames, i))
    with pytest.raises(InputError, match=r"f1.fits: DATE-OBS lies 365.0 days from the other frames"):
        read.frames(tmp_path)


@pytest.mark.parametrize(("key", "value"), [("RDNOISE", 9.0), ("CRPIX1", 40.0), ("GAIN", 2.0)])
def test_a_frame_of_another_setup(small_run, tmp_path, key, value):
    _broken(tmp_path, small_run, key, value)
    (tmp_path / "f0.fits").write_bytes(write.frame(small_run.frames, 0))
    with pytest.raises(InputError, match=f"{key} = .* frames of one setup"):
        read.frames(tmp_path)


@pytest.mark.parametrize(("factor", "says"), [(30000.0, None), (0.0, "no light")])
def test_flat_frames_in_counts_and_without_light(small_run, tmp_path, factor, says):
    (tmp_path / "f0.fits").write_bytes(write.frame(small_run.frames, 0))
    raw = dataclasses.replace(small_run.frames, flat=small_run.frames.flat * factor)
    (tmp_path / "flat.fits").write_bytes(write.flat(raw))
    if says is None:
        assert read.frames(tmp_path).flat == pytest.approx(small_run.frames.flat, rel=1e-5)
    else:
        with pytest.raises(InputError, match=says):
            read.frames(tmp_path)


def test_no_frames(tmp_path):
    with pytest.raises(MissingError, match="no exposure"):
        read.frames(tmp_path)


def test_frames_in_any_order_of_names(small_run, tmp_path):
    for name, i in (("c", 0), ("a", 5), ("b", 2)):
        (tmp_path / f"{name}.fits").write_bytes(write.frame(small_run.frames, i))
    assert (np.diff(read.frames(tmp_path).time) > 0).all()


def test_vacuum_wavelengths_declared_as_air(small, small_run):
    # 1.63 Å: the sky's lines are where no telluric line is.
    from hesper.winds.model_spectrum import air_wavelength

    setup = small_run.frames.setup
    wrong = setup.wavelength + (setup.wavelength - float(air_wavelength(np.array(setup.wavelength))))
    frames = dataclasses.replace(small_run.frames, setup=dataclasses.replace(setup, wavelength=wrong))
    with pytest.raises(HesperError, match="air"):
        _reduce(small, frames)


def test_dark_and_saturated_frames_are_flagged_and_the_rest_used(small, small_run):
    counts = small_run.frames.counts.copy()
    counts[2] = small.instrument.bias
    counts[5] = 65535
    counts[9, 100:140, 200:220] = 65535
    found = _reduce(small, _with_counts(small_run, counts))
    assert np.flatnonzero(~found.spectra.usable).tolist() == [2, 5]
    assert found.spectra.saturated[9] == 800
    assert abs(found.winds.value[0] + 100) < 4 * found.winds.value_std[0]


def test_all_frames_dark(small, small_run):
    with pytest.raises(InputError, match="dark or saturated"):
        _reduce(small, _with_counts(small_run, np.full_like(small_run.frames.counts, 100)))


def test_planet_off_the_slit(small, small_run):
    counts = small_run.frames.counts.copy()
    counts[:] = counts[:, :1, :]
    with pytest.raises(InputError, match="not on the slit"):
        _reduce(small, _with_counts(small_run, counts))


def test_no_rows_of_sky(small):
    config = dataclasses.replace(small, instrument=dataclasses.replace(small.instrument, rows=112))
    with pytest.raises(InputError, match="rows without the planet"):
        _reduce(config, simulated(config).frames)


@pytest.mark.slow
def test_tilted_slit_is_in_the_header(small):
    config = dataclasses.replace(small, instrument=dataclasses.replace(small.instrument, slit_tilt=12 * deg))
    found = _reduce(config, simulated(config).frames)
    assert abs(found.winds.value[0] + 100) < 4 * found.winds.value_std[0]


def test_wrong_nominal_dispersion_is_found(small, small_run, small_reduction):
    # V1, last part: 1 %.
    setup = small_run.frames.setup
    frames = dataclasses.replace(
        small_run.frames, setup=dataclasses.replace(setup, dispersion=setup.dispersion * 1.01)
    )
    viewing = small_reduction.spectra.viewing
    spectra = calibrate.detector(frames, viewing)
    free = calibrate.sky_rows(spectra, small_reduction.disk.angular_radius)
    lines = pipeline_recommended.frame_lines(small, frames)
    known = calibrate_wavelengths.wavelengths(spectra, lines, free)
    assert known.dispersion == pytest.approx(setup.dispersion, rel=5e-4)


def test_a_slit_that_stays_warns_and_leaves_row_terms_out(small):
    guiding = dataclasses.replace(
        small.guiding,
        first=4 * arcsec,
        last=4 * arcsec,
        bend=0.0,
        jitter_across=0.0,
        jitter_along=0.0,
        edge=False,
    )
    config = dataclasses.replace(small, guiding=guiding)
    with pytest.warns(UserWarning, match="stayed in one place"):
        found = _reduce(config, simulated(config).frames)
    assert not found.row_terms
    assert np.isfinite(found.winds.value_std).all()


def test_flattened_velocities_are_refused(small, small_reduction):
    # K7
    flat = retrieve_paper.flattened(small_reduction.velocities, 16)
    n, known = flat.velocity.size, small_reduction.wavelengths
    with pytest.raises(InputError, match="flattened"):
        retrieve_winds.winds(
            flat, np.ones((n, 2)), ["uniform"], by_place=np.zeros((n, 2, 3)),
            places=small_reduction.positions,
            drift=(known.drift, known.drift, known.drift_std),
        )  # fmt: skip


def test_nothing_is_lost(small_reduction):
    measured = small_reduction.velocities
    assert measured.flag.size == measured.velocity.size
    assert ((measured.flag & retrieve.NO_FIT) > 0).sum() == np.isnan(measured.velocity).sum()
    assert (small_reduction.spectra.usable).all()


def test_paper_route_without_calibrations(small):
    config = dataclasses.replace(small, instrument=dataclasses.replace(small.instrument, calibrations=0))
    found = pipeline_paper.reduce(config, simulated(config).frames)
    assert np.isfinite([found.uniform.wind, found.cosine.wind]).all()


@pytest.mark.slow
def test_raster_mode_and_other_date():
    config = pipeline.pipeline_demo.reduced_size(frozen_defaults(Config))
    config = dataclasses.replace(
        config,
        observation=dataclasses.replace(
            config.observation, start="2015-06-06T18:00:00", frames=30, mode="raster"
        ),
        guiding=dataclasses.replace(config.guiding, first=0.5 * arcsec, positions=12, step=0.8 * arcsec),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = _reduce(config, simulated(config).frames)
    assert abs(found.winds.value[0] + 100) < 4 * found.winds.value_std[0]


def test_windows_that_the_recipe_does_not_speak_of(small, small_run):
    with pytest.raises(InputError, match="speaks of 1"):
        pipeline_config.window_frames(small, [small_run.frames, small_run.frames])


def test_a_window_that_shows_other_wavelengths(small, small_run):
    config = dataclasses.replace(small, windows=Windows(wavelength=(6300 * angstrom,)))
    with pytest.raises(InputError, match="6300"):
        pipeline_config.window_frames(config, [small_run.frames, small_run.frames])


def test_the_papers_route_takes_one_window(small, small_run):
    config = dataclasses.replace(small, source="paper", windows=Windows(wavelength=(5890 * angstrom,)))
    with pytest.raises(InputError, match="takes one"):
        pipeline_config.window_frames(config, [small_run.frames, small_run.frames])


def test_lists_of_windows_have_one_length(small):
    windows = Windows(wavelength=(5896 * angstrom, 5905 * angstrom), line=("reflected",))
    with pytest.raises(InputError, match="2 further windows but a list of 1"):
        pipeline_config.windows(dataclasses.replace(small, windows=windows))


@pytest.mark.parametrize("number", [0, "two", 1.5])
def test_numbers_of_windows(small_run, tmp_path, number):
    with pytest.raises(InputError, match="WINDOW"):
        read.frames(_broken(tmp_path, small_run, "WINDOW", number))


def test_a_slit_across_what_the_header_says_is_refused(small, small_run):
    setup = small_run.frames.setup
    turned = dataclasses.replace(setup, slit_angle=setup.slit_angle + np.pi / 2)
    with pytest.raises(InputError, match="SLITPA"):
        _reduce(small, dataclasses.replace(small_run.frames, setup=turned))


def test_a_wrong_scattering_law_is_refused(small, small_run):
    # It would find 29 m/s for 100.
    limits = dataclasses.replace(small.reduction, scattering="lommel-seeliger")
    with pytest.raises(InputError, match="scattering law"):
        _reduce(dataclasses.replace(small, reduction=limits), small_run.frames)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [41, 42])
@pytest.mark.parametrize(
    ("part", "change"), [("scene", {"scattering": "lommel-seeliger"}), ("sky", {"profile": "moffat"})]
)
def test_doubt_on_the_light_is_in_the_error(small, part, change, seed):
    """Light by another law (followed by the derivation), and seeing of another shape (not followed)."""
    config = dataclasses.replace(small, seed=seed)
    config = dataclasses.replace(config, **{part: dataclasses.replace(getattr(config, part), **change)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = _reduce(small, simulated(config).frames)
    assert found.winds.law_std > 0.5
    assert abs(found.winds.value[0] + 100) < 3 * found.winds.value_std[0]


def test_a_planet_below_the_horizon_is_not_simulated(small):
    observation = dataclasses.replace(small.observation, start="2007-11-07T01:00:00")
    with pytest.raises(InputError, match="below the horizon of Teide"):
        simulated(dataclasses.replace(small, observation=observation))


def test_an_artifact_that_ends_before_it_begins(small):
    defects = dataclasses.replace(small.defects, artifact_first=2e-4, artifact_last=1e-4)
    with pytest.raises(InputError, match=r"ends before it begins: from 41\.3 to 20\.6 arcsec"):
        simulated(dataclasses.replace(small, defects=defects))


def test_one_exposure_is_refused(small, small_run):
    frames = small_run.frames
    one = dataclasses.replace(
        frames, counts=frames.counts[:1], time=frames.time[:1], exposure=frames.exposure[:1],
        offset=frames.offset[:1],
    )  # fmt: skip
    with pytest.raises(InputError, match="one exposure"):
        _reduce(small, one)


@pytest.mark.parametrize(
    ("reduce", "line"),
    [
        (pipeline_recommended.reduce, "do not tell .* apart .*; give five frames or more"),
        (pipeline_paper.reduce, "the planet is seen in 2 frames; 5 are needed .*: add frames"),
    ],
)
def test_too_few_frames_show_the_planet(small, small_run, reduce, line):
    counts = small_run.frames.counts.copy()
    counts[2:] = np.nan
    with warnings.catch_warnings(), pytest.raises(InputError, match=line):
        warnings.simplefilter("ignore")
        reduce(small, _with_counts(small_run, counts))


@pytest.mark.parametrize("source", ["recommended", "paper"])
def test_frames_of_one_run_that_do_not_go_together_are_refused(small, small_run, tmp_path, source):
    config = dataclasses.replace(small, input=str(tmp_path), source=source)
    whole = [write.frame(small_run.frames, i) for i in range(6)]
    frames = small_run.frames
    narrow = dataclasses.replace(
        frames, counts=frames.counts[..., :-20], dark=frames.dark[:, :-20], flat=frames.flat[:, :-20]
    )
    faults = {
        "damaged": whole[5][: len(whole[5]) // 2],
        "pixels but": write.frame(narrow, 5),
        "lacks DATE-OBS": whole[5].replace(b"DATE-OBS", b"DATE-NOT").replace(b"CHECKSUM", b"CHECKNOT"),
    }
    for i, file in enumerate(whole):
        (tmp_path / f"frame_{i}.fits").write_bytes(file)
    for words, file in faults.items():
        (tmp_path / "frame_5.fits").write_bytes(file)
        with open_run(tmp_path / "out", Provenance(recipe={}), quiet=True) as run:
            with pytest.raises(InputError, match=f"frame_5.fits: .*{words}"):
                pipeline.run(config, run)
            assert not list((tmp_path / "out").glob("*.nc"))
