import numpy as np
import pytest

from hesper import ephemeris
from hesper.geometry import doppler, young
from hesper.units import arcsec, deg
from hesper.winds import calibrate_paper, model, model_fields, model_pictures, plan

DATES = ("2007-11-07T13:30", "2008-04-01T12:00", "2008-04-20T12:00", "2025-03-01T18:30", "2007-06-09T12:00",
         "2010-08-20T12:00", "2012-03-27T12:00", "2020-04-01T12:00")  # fmt: skip


def _disk(date):
    times = ephemeris.tdb_seconds(date)[0] + np.array([-300.0, 0.0, 300.0])
    view = ephemeris.viewing(times, "Teide")
    return model.aspect(view, slit_angle=model.terminator_angle(view), radius=view.radius)


def _lit(disk, n=61):
    side = np.linspace(-0.98, 0.98, n) * disk.angular_radius
    x, y = np.meshgrid(side, side)
    place = model.points(disk, x.ravel(), y.ravel())
    keep = (np.nan_to_num(place.cos_incidence, nan=-1) > 0.02) & (place.cos_emission > 0.02)
    return model.points(disk, x.ravel()[keep], y.ravel()[keep])


@pytest.mark.parametrize("date", DATES)
def test_projection_against_the_exact_product_of_both_legs(date):
    # G1; the second-order part −(w·i)(w·(i+e))/c of 100 m/s is 7e-5 m/s at most.
    disk = _disk(date)
    place = _lit(disk)
    for name in ("uniform", "meridional", "vertical", "antisolar"):
        wind = 100 * model_fields.FIELDS[name](place, disk)
        exact = doppler.reflected_velocity_exact(wind, disk.to_sun, disk.to_observer)
        assert (
            np.abs(100 * model_fields.reflected(model_fields.FIELDS[name], place, disk) - exact).max() < 1e-4
        )


@pytest.mark.parametrize("date", DATES)
def test_closed_form_of_a_zonal_wind(date):
    disk = _disk(date)
    place, mid = _lit(disk), model.bisector(disk)
    half = model.phase(disk) / 2
    expected = 2 * np.cos(half) * np.cos(mid.lat) * np.sin(place.lon - mid.lon)
    assert model_fields.reflected(model_fields.uniform, place, disk) == pytest.approx(expected, abs=1e-12)


def test_zero_isotach_is_the_meridian_of_the_bisector(disk):
    mid = model.bisector(disk)
    lat = np.linspace(-60, 60, 13) * deg
    normal = doppler.unit_vector(np.full(13, mid.lon), lat)
    place = model.Points(normal, np.full(13, mid.lon), lat, normal @ disk.to_sun, normal @ disk.to_observer)
    slope = 2 * np.cos(model.phase(disk) / 2)
    assert np.abs(model_fields.reflected(model_fields.uniform, place, disk)).max() / slope < 0.01 * deg


def test_morning_terminator_is_bluest_and_evening_reddest(disk):
    # G3: westward wind. In November 2007 we saw the morning side, in February 2025 the evening side.
    for one, sign in ((disk, -1), (_disk("2025-02-01T18:00"), 1)):
        place = _lit(one)
        velocity = -100 * model_fields.reflected(model_fields.uniform, place, one)
        edge = np.argmin(place.cos_incidence + np.abs(place.lat))
        assert np.sign(velocity[edge]) == sign
        assert abs(velocity[edge]) > 0.6 * np.abs(velocity).max()


def test_paper_geometry(disk):
    limb = model.points(disk, np.array([0.999999]) * disk.angular_radius, np.zeros(1))
    assert -model_fields.reflected(model_fields.uniform, limb, disk)[0] == pytest.approx(1.112, abs=0.004)
    at = model.points(disk, disk.angular_radius * np.sin(np.array([5, 55]) * deg), np.zeros(2))
    westward = -model_fields.reflected(model_fields.uniform, at, disk)
    assert westward[0] == pytest.approx(-0.893, abs=0.003)
    assert westward[1] == pytest.approx(0.341, abs=0.003)


def test_one_leg_line_is_still_at_the_sub_observer_meridian(disk):
    place = model.points(disk, np.zeros(1), np.zeros(1))
    assert abs(model_fields.emitted(model_fields.uniform, place, disk)[0]) < 1e-12


def test_parallax_is_that_of_the_exact_legs(disk):
    # Range rates to displaced points, by hand: both legs are needed, the Sun's being as large as ours.
    place = _lit(disk)
    both, ours = model_fields.reflected_parallax(place, disk), model_fields.emitted_parallax(place, disk)
    assert np.ptp(ours) == pytest.approx(2.58 * 0.6, abs=0.6)
    assert np.ptp(both - ours) > 1.0


def test_young_coefficient_and_profile():
    rho, orbit = 44.45 / 2 / 60 * deg, 35.3e3
    sidereal = young.coefficient(rho, young.SUN_ROTATION * 6.957e8, 0.0)
    synodic = young.coefficient(rho, young.limb_velocity(6.957e8, 6.957e8 / rho, orbit), 0.6)
    assert sidereal == pytest.approx(3.34, abs=0.01)
    assert synodic == pytest.approx(2.68, abs=0.05)


def test_young_effect_at_85_degrees_and_at_the_terminator(disk):
    axis = np.cross(disk.sun_axis, -disk.to_sun)
    axis = axis / np.linalg.norm(axis)
    side = axis - (axis @ disk.to_sun) * disk.to_sun

    def at(angle):
        n = np.cos(angle) * disk.to_sun + np.sin(angle) * side
        place = model.Points(n[None], np.zeros(1), np.zeros(1), n[None] @ disk.to_sun, np.ones(1))
        return abs(model_fields.young_velocity(place, disk, 1.0)[0])

    assert at(85 * deg) == pytest.approx(30.6, abs=0.3)
    assert at(89.99999 * deg) == pytest.approx(1036, abs=15)
    assert at(79.999 * deg) == pytest.approx(at(80.001 * deg), rel=2e-3)


def test_young_effect_mimics_wind(paper_cells):
    # Y4: on the solid planet, through 1″ seeing; tolerances from the printed digits of the derivation.
    times = ephemeris.tdb_seconds("2007-11-07T13:30:00")[0] + np.array([-600.0, 0.0, 600.0])
    view = ephemeris.viewing(times, "Teide", kernel="DE421", radius=6_051_800.0)
    planet = model.aspect(view, slit_angle=model.terminator_angle(view), radius=view.radius)
    table = model_pictures.pictures(
        planet,
        [
            lambda place, k: model_fields.young_velocity(place, planet, k),
            lambda place, k: -model_fields.reflected(model_fields.uniform, place, planet),
        ],
        scattering=model_fields.minnaert, transfer=model_pictures.gaussian_transfer,
        seeing=np.array([1.0]) * arcsec, exponent=np.array([1.0]), slit=0.5 * arcsec, pixel=1.0 * arcsec,
    )  # fmt: skip
    seen = model_pictures.look(table, *paper_cells, 1.0 * arcsec, 1.0)
    young, column = seen[:, 1] / seen[:, 0], seen[:, 2] / seen[:, 0]
    centred = column - column.mean()
    assert centred @ young / (centred @ centred) == pytest.approx(9.7, abs=0.5)
    assert column @ young / (column @ column) == pytest.approx(12.5, abs=0.5)
    assert young.reshape(16, 8)[:, 0].mean() == pytest.approx(-16, abs=0.5)
    # At the centres of cells, without seeing, the plan's reckoning agrees.
    assert plan.bias_of_young(planet, *paper_cells, free_zero=True) == pytest.approx(9.7, abs=0.5)


SCAN = (0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 7.5)
GEOMETRIC = (21.76, 21.74, 21.67, 21.55, 21.39, 20.92, 20.24, 19.33, 18.15, 16.66, 15.76)
SEEN = (18.95, 20.41, 20.84, 20.95, 20.91, 20.57, 19.95, 19.08, 17.94, 16.46, 15.53)


def _widths(disk, scan):
    table = model_pictures.pictures(
        disk, [], scattering=model_fields.minnaert, transfer=model_pictures.gaussian_transfer,
        seeing=np.array([1.0]) * arcsec,
        exponent=np.array([1.0]), slit=0.5 * arcsec, pixel=0.02 * arcsec,
    )  # fmt: skip
    y = np.arange(-13, 13, 0.02) * arcsec
    profile = np.array([model_pictures.look(table, x * arcsec, y, arcsec, 1.0)[:, 0] for x in scan])
    chords = calibrate_paper.chords(profile, y, np.arange(len(scan)) * 1.0, np.ones(len(scan), bool))
    return chords.length / arcsec


def test_chord_and_its_width_at_half_maximum(disk):
    # S1
    assert model.chord(np.array(SCAN) * arcsec, disk) / arcsec == pytest.approx(GEOMETRIC, abs=0.05)
    assert _widths(disk, SCAN) == pytest.approx(SEEN, abs=0.05)


def test_positions_from_chords(disk):
    # S2: both branches; S3: the printed formula is off by arcseconds.
    x = np.array([-0.9, 0.8, 3.0, 7.0]) * arcsec
    plus, minus = model.slit_position(model.chord(x, disk), disk)
    assert plus[1:] == pytest.approx(x[1:], rel=1e-9)
    assert minus[0] == pytest.approx(x[0], rel=1e-9)
    track = np.linspace(0, 7.7, 50) * arcsec
    literal = calibrate_paper.position_literal(model.chord(track, disk), disk)
    assert np.mean(literal - track) / arcsec == pytest.approx(3.2, abs=0.5)


def test_position_error_of_the_chord_diverges(disk):
    # S4: σ_x = σ_C/|dC/dx| for σ_C = 0.49″.
    for x, expected in ((3.0, 1.0), (5.0, 0.49), (7.5, 0.25)):
        near = _widths(disk, (x - 0.25, x, x + 0.25, 4, 5))
        assert 0.49 / abs((near[2] - near[0]) / 0.5) == pytest.approx(expected, rel=0.1)


def test_pictures_interpolate_what_they_would_hold(disk):
    nodes = np.arange(0.4, 3.3, 0.2) * arcsec
    common = {
        "scattering": model_fields.minnaert,
        "transfer": model_pictures.gaussian_transfer,
        "slit": 0.5 * arcsec,
        "pixel": 0.2 * arcsec,
    }
    table = model_pictures.pictures(
        disk, [], seeing=nodes, exponent=np.array([0.6, 0.8, 1.0, 1.2, 1.4]), **common
    )
    direct = model_pictures.pictures(
        disk, [], seeing=np.array([1.09]) * arcsec, exponent=np.array([0.93]), **common
    )
    y = np.linspace(-12, 12, 200) * arcsec
    for x in (0.33, 4.21):
        a = model_pictures.look(table, x * arcsec, y, 1.09 * arcsec, 0.93)
        b = model_pictures.look(direct, x * arcsec, y, 1.09 * arcsec, 0.93)
        assert np.abs(a - b).max() < 1e-3 * b.max()


def test_moffat_and_gaussian_have_their_width():
    f = np.linspace(0, 4, 4001) / arcsec
    r = np.array([0.0, 0.5]) * arcsec
    from scipy.special import j0

    for transfer in (model_pictures.gaussian_transfer, model_pictures.moffat_transfer):
        value = [np.trapezoid(transfer(f, arcsec) * f * j0(2 * np.pi * f * x), f) for x in r]
        assert value[1] / value[0] == pytest.approx(0.5, abs=5e-3)


def test_two_segments_of_a_crescent():
    # Phase above 90°: near the middle the chord has two parts.
    disk = _disk("2025-03-01T18:30")
    assert model.phase(disk) > 130 * deg
    y = np.arange(-26, 26, 0.1) * arcsec
    place = model.points(disk, np.full(y.size, 0.2 * disk.angular_radius), y)
    light = np.clip(np.nan_to_num(place.cos_incidence), 0, None)
    chords = calibrate_paper.chords(np.tile(light, (6, 1)), y, np.arange(6.0), np.ones(6, bool))
    assert (chords.segments == 2).all()


def test_lommel_seeliger_has_a_local_exponent(disk):
    place = _lit(disk)
    k = model_fields.local_exponent("lommel-seeliger", place, 1.0)
    assert k == pytest.approx(place.cos_emission / (place.cos_incidence + place.cos_emission))
    assert np.isfinite(model_fields.young_velocity(place, disk, k)).all()
