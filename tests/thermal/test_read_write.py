"""Tables: round trips, the published data sets, and one clear line for every kind of bad input."""

import numpy as np
import pytest

from hesper.errors import InputError, MissingError
from hesper.products import netcdf, read_netcdf
from hesper.thermal import read, write
from hesper.thermal.data import Spectrum
from hesper.units import MHz

GOOD = (
    ",".join(read.COLUMNS)
    + "\n1000,detection,600,10,planck,6051.8,A,0.03,Me 2020"
    + "\n300,upper limit,500,90,rayleigh-jeans,6051.8,B,0,Me 2020\n"
)


def _read(tmp_path, text):
    path = tmp_path / "table.csv"
    path.write_text(text)
    return read.spectrum(path)


@pytest.mark.parametrize("name", read.PUBLISHED)
def test_published_sets_survive_writing_and_reading(tmp_path, name):
    table = read.published(name)
    again = _read(tmp_path, write.spectrum(table).decode())
    for field in ("frequency", "brightness_temperature", "brightness_temperature_std", "is_limit",
                  "is_planck",
                  "reference_radius", "campaign", "campaign_scale_std", "reference"):  # fmt: skip
        np.testing.assert_array_equal(getattr(again, field), getattr(table, field))


def test_records_survive_netcdf(tmp_path):
    table = read.published("mohan2017")
    path = tmp_path / "table.nc"
    path.write_bytes(netcdf(table))
    again = read_netcdf(path, Spectrum)
    np.testing.assert_array_equal(again.campaign, table.campaign)
    np.testing.assert_array_equal(again.is_limit, table.is_limit)
    np.testing.assert_array_equal(again.brightness_temperature, table.brightness_temperature)


def test_two_named_limits():
    printed, corrected = read.published("mohan2017"), read.published("mohan2017-corrected")
    assert printed.is_limit.sum() == corrected.is_limit.sum() == 1
    assert (printed.brightness_temperature[-1], printed.brightness_temperature_std[-1]) == (426.0, 94.0)
    assert (corrected.brightness_temperature[-1], corrected.brightness_temperature_std[-1]) == (521.0, 134.0)
    np.testing.assert_array_equal(printed.brightness_temperature[:-1], corrected.brightness_temperature[:-1])


def test_comments_and_spaces(tmp_path):
    table = _read(tmp_path, "# mine\n\n" + GOOD.replace(",planck,", ", planck ,"))
    np.testing.assert_allclose(table.frequency, [1000 * MHz, 300 * MHz])
    np.testing.assert_array_equal(table.is_planck, [True, False])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty; a CSV table with columns"),
        (GOOD.splitlines()[0] + "\n", "a header but no data"),
        (GOOD.replace("convention,", ""), "column convention is missing|values; the header has"),
        (GOOD.replace("600,10,", "600,,"), "line 2: brightness_temperature_std_K is missing"),
        (GOOD.replace("600,10,", "600,-3,"), "line 2: brightness_temperature_std_K = -3; 0.0001 to 5000"),
        (GOOD.replace("600,10,", "-600,10,"), "line 2: brightness_temperature_K = -600; 0.1 to 5000 is"),
        (GOOD.replace("600,10,", "nan,10,"), "brightness_temperature_K = 'nan'; a finite number"),
        (GOOD.replace("600,10,", "six,10,"), "brightness_temperature_K = 'six'"),
        (GOOD.replace("planck", "thermodynamic"), "convention 'thermodynamic'; allowed: rayleigh-jeans"),
        (GOOD.replace("upper limit", "limit"), "kind 'limit'; allowed: detection, upper limit"),
        (GOOD.replace("1000,det", "50,det"), "line 2: frequency_MHz = 50; 200 to 1e.06 is allowed"),
        (GOOD + GOOD.splitlines()[1] + "\n", "line 4: 1000 MHz of A stands in .*line 2 already; remove one"),
        (GOOD.replace("A,0.03", "A,3"), "line 2: campaign_scale_std = 3; 0 to 0.5 is allowed"),
        (GOOD + "2000,detection,600,10,planck,6051.8,A,0.05,Me 2020\n",
         "line 4: campaign 'A' has campaign_scale_std 0.05 here and 0.03 in .*line 2"),
        (GOOD.replace("planck,6051.8", "planck,6051800"), "line 2: reference_radius_km = 6051800; 6000"),
        (GOOD.replace("600,10,", "6e5,10,"), "line 2: brightness_temperature_K = 6e5; 0.1 to 5000"),
        (GOOD.replace("600,10,", "0,10,"), "line 2: brightness_temperature_K = 0; 0.1 to 5000"),
        (GOOD.replace("600,10,", "600,0,"), "line 2: brightness_temperature_std_K = 0; 0.0001"),
        (GOOD.replace("600,10,", "400,4500,"), "line 2: brightness_temperature_std_K = 4500 beside 400 K"),
        (GOOD.replace("600,10,", "600,0.0002,"), "line 2: brightness_temperature_std_K = 0.0002 beside"),
        (GOOD.replace(",A,", ",,"), "line 2: campaign is empty"),
        (GOOD.replace("B,0,Me 2020", "B,0, "), "line 3: reference is empty"),
        (GOOD.replace("convention,", "convention,kind,"), "line 1: column kind stands twice"),
        (GOOD + GOOD.splitlines()[1].replace("Me 2020", "Me 2020, again") + "\n", "line 4: 10 values"),
        (GOOD + GOOD.splitlines()[1].replace("Me 2020", "Me 2020 again") + "\n",
         "line 4: 1000 MHz of A stands in .*line 2 already"),
        (GOOD.replace("A,0.03,Me 2020", 'A,0.03,"Me 2020'), "line 2: not CSV"),
        (GOOD.splitlines()[0] + "\n" * 2 + "x\n" * 5001, "5002 rows; at most 5000"),
        (GOOD + "1,2\n", "line 4: 2 values; the header has 9"),
    ],
)  # fmt: skip
def test_bad_tables(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        _read(tmp_path, text)
    assert "\n" not in str(caught.value)


def test_other_bad_input(tmp_path):
    with pytest.raises(MissingError, match="no such table"):
        read.spectrum(tmp_path / "absent.csv")
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a text file"):
        read.spectrum(binary)
    with pytest.raises(InputError, match="data set 'mohan'; allowed"):
        read.published("mohan")
    with pytest.raises(
        InputError, match="data set mohan2017-corrected, row 1: 22460 MHz of VLA 1996 stands in"
    ):
        read.together(["mohan2017", "mohan2017-corrected"])


def test_radar_table():
    radar = read.radar()
    assert radar.frequency.min() == 38 * MHz
    assert read.no_radar().frequency.size == 0
