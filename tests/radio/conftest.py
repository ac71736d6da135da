"""A small observation with known values."""

import numpy as np
import pytest

from hesper import ephemeris
from hesper.radio import model_array, model_sources
from hesper.radio.data import Setup, Visibilities
from hesper.units import MHz


@pytest.fixture(scope="session")
def small():
    return observation()


def observation(antennas=6, channels=5, times=8, polarisation=("RR", "LL"), *, east=3e-3, north=-2e-3):
    """A point source of 1 Jy off the centre of two fields, two scans each."""
    gmrt = model_array.antennas("GMRT")
    pick = np.linspace(0, 29, antennas).astype(int)
    position = gmrt.position[pick]
    first, second = model_array.pairs(antennas)
    setup = Setup(
        telescope="GMRT",
        antenna_name=gmrt.name[pick],
        antenna_position=position,
        antenna1=first,
        antenna2=second,
        frequency=598 * MHz + 125e3 * np.arange(channels),
        channel_width=125e3,
        polarisation=np.array(polarisation),
        field_name=np.array(["CTA 21", "VENUS"]),
        field_ra=np.array([0.87, 0.85]),
        field_dec=np.array([0.29, 0.37]),
    )
    field = np.repeat([0, 1], times // 2)
    time = ephemeris.tdb_seconds("2004-03-26T08:00:00")[0] + 16.8 * np.arange(times) + 300.0 * field
    uvw = np.concatenate(
        [
            model_array.baseline_uvw(
                model_array.field_frame(
                    time[field == f], setup.field_ra[f], setup.field_dec[f], gmrt.centre
                ).axes,
                position,
                first,
                second,
            )
            for f in range(2)
        ]
    )
    vis = model_sources.predict(uvw, setup.frequency, np.array([east]), np.array([north]), np.ones(1))
    value = np.repeat(vis[..., None], len(polarisation), axis=-1)
    value = value * (1 + 0.1 * np.arange(len(polarisation)))
    rng = np.random.default_rng(3)
    flag = rng.random(value.shape) < 0.1
    return Visibilities(
        time=time,
        interval=np.full(times, 16.8),
        field=field,
        scan=field,
        uvw=uvw,
        value=value,
        weight=rng.uniform(1, 2, value.shape),
        flag=flag,
        setup=setup,
    )
