"""A day of the GMRT reduced to what imaging and fitting need, summed directly without any gridder."""

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT
from hesper.geometry.disk import limb_darkened_disk_visibility
from hesper.radio import calibrate_track, model_array, model_beam, model_sources
from hesper.radio.data import Setup, Visibilities
from hesper.units import MHz, arcsec

DAY = np.datetime64("2004-03-26T10:00:00")


def day(
    *,
    integrations=60,
    interval=16.8,
    step=None,
    channels=16,
    width=1 * MHz,
    pols=("RR", "LL"),
    flux=0.058,
    exponent=0.0,
    offset=(0.0, 0.0),
    noise=0.0,
    seed=0,
    sources=(),
    observer="GMRT",
    centre=606 * MHz,
    antennas=None,
    scan=10,
):
    """Return visibilities and the true track; `sources` are rows of l, m, flux density."""
    array = model_array.antennas("GMRT")
    position = array.position if antennas is None else array.position[antennas]
    a1, a2 = model_array.pairs(len(position))
    step = interval if step is None else step
    mid = ephemeris.viewing(DAY, "GMRT")
    time = mid.time[0] + (np.arange(integrations) - (integrations - 1) / 2) * step
    ra, dec = float(mid.ra[0]), float(mid.dec[0])
    frame = model_array.field_frame(time, ra, dec, array.centre)
    uvw = model_array.baseline_uvw(frame.axes, position, a1, a2)
    frequency = centre + (np.arange(channels) - (channels - 1) / 2) * width
    view = ephemeris.viewing(time, "GMRT")
    coefficients = model_beam.find_beam("GMRT", centre).coefficients
    followed = track_of(view, ra, dec, frequency, coefficients)
    value = _disk(uvw, frequency, followed, flux, exponent, np.array(offset) * arcsec, time, interval, step)
    for east, north, jansky in sources:
        value = value + model_sources.predict(uvw, frequency, [east], [north], [jansky])
    rng = np.random.default_rng(seed)
    shape = (*value.shape, len(pols))
    cube = np.repeat(value[..., None], len(pols), axis=-1).astype(np.complex64)
    if noise > 0:
        cube += (noise * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))).astype(np.complex64)
    setup = Setup(
        telescope="GMRT", antenna_name=np.array([f"A{i}" for i in range(len(position))]),
        antenna_position=position, antenna1=a1, antenna2=a2, frequency=frequency, channel_width=width,
        polarisation=np.array(pols), field_name=["VENUS"], field_ra=[ra], field_dec=[dec],
    )  # fmt: skip
    seen = Visibilities(
        time=time, interval=np.full(time.size, interval), field=np.zeros(time.size, int),
        scan=np.arange(time.size) // scan, uvw=uvw, value=cube,
        weight=np.full(shape, 1 / max(noise, 1e-3) ** 2, np.float32), flag=np.zeros(shape, bool), setup=setup,
    )  # fmt: skip
    if observer != "GMRT":
        followed = track_of(ephemeris.viewing(time, observer), ra, dec, frequency, coefficients)
    return seen, followed


def track_of(view, ra, dec, frequency, coefficients):
    east, north = model_array.direction_cosines(view.ra, view.dec, ra, dec)
    response = model_beam.primary_beam(np.hypot(east, north)[:, None], frequency, coefficients)
    return calibrate_track.track(view, response, ra_centre=ra, dec_centre=dec)


def _disk(uvw, frequency, followed, flux, exponent, offset, time, interval, step):
    """Sum the disk's visibility over seven moments of every integration."""
    k = frequency / SPEED_OF_LIGHT
    rate = np.gradient(followed.direction, time, axis=0) if time.size > 1 else np.zeros((1, 2))
    turning = np.gradient(uvw, time, axis=0)
    total = 0
    for moment in (np.arange(7) - 3) / 7 * interval:
        east, north = (followed.direction + moment * rate + offset).T
        n = np.sqrt(1 - east**2 - north**2)
        place = uvw + moment * turning
        u, v, w = np.moveaxis(place, -1, 0)
        path = u * east[:, None] + v * north[:, None] + w * (n - 1)[:, None]
        across = np.hypot(u - w * (east / n)[:, None], v - w * (north / n)[:, None])
        q = np.pi * followed.angular_diameter[:, None, None] * across[..., None] * k
        shape = limb_darkened_disk_visibility(q, exponent)
        total = total + shape * np.exp(2j * np.pi * path[..., None] * k)
    return flux * followed.response[:, None, :] * total / 7
