"""Speed of following, fitting, imaging and cleaning: python benchmarks/radio.py [integrations].

The day of 26 March 2004 at 606 MHz: 30 antennas, 1071 integrations of 16.8 s, 128 channels, RR and LL, 119
million visibilities, 40 background sources of 4 mJy to 1 Jy within 22′, Venus of 58 mJy on its track, and
noise of 4.9 Jy per visibility, for a map with 0.45 mJy. Asked: track and average ≤ 1 s, fit ≤ 0.1 s, CLEAN of
the whole field, 2048², ≤ 35 s to 0.58 mJy, flags ≤ 10 s, gains of every minute ≤ 1.5 s. ducc0, where it is
installed, images the same samples; AOFlagger, likewise, flags one baseline in twenty. Everything is run once
on a little before: kernels are compiled on first use, once for a machine, and kept. A smaller number of
integrations gives a quick look.
"""

import dataclasses
import resource
import sys
import time

import numpy as np

from hesper import ephemeris
from hesper.constants import SPEED_OF_LIGHT
from hesper.geometry.disk import uniform_disk_visibility
from hesper.radio import (
    calibrate_flags,
    calibrate_gains,
    calibrate_track,
    grid_clean,
    grid_image,
    grid_masks,
    grid_samples,
    grid_weights,
    model_array,
    model_beam,
    model_imaging,
    model_sources,
    retrieve_disk,
)
from hesper.radio.data import Setup, Visibilities
from hesper.radio.data_image import Frame
from hesper.record import concatenate, take
from hesper.units import MHz, arcmin, arcsec, kHz

WHOLE, NOISE, FLUX, PIXEL, SIZE = 1071, 4.915, 0.058, 1.2 * arcsec, 2048
BLOCK = 64


def memory():
    """Return the most memory used so far [MB]."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


class Timer:
    """Print how long a block took, beside what was asked."""

    def __init__(self, what, asked=None):
        self.what, self.asked = what, asked

    def __enter__(self):
        self.start, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_):
        wall, cpu = time.perf_counter() - self.start, time.process_time() - self.cpu
        asked = (
            ""
            if self.asked is None
            else f"  asked {self.asked:g} s  {'ok' if wall <= self.asked else 'SLOW'}"
        )
        print(f"{self.what:46s} {wall:8.2f} s wall {cpu:8.2f} s cpu  {memory():6.0f} MB{asked}", flush=True)


def sources(rng):
    """Return l, m and flux density of 40 sources, those within the image."""
    radius, angle = 22 * arcmin * np.sqrt(rng.uniform(size=40)), rng.uniform(0, 2 * np.pi, 40)
    flux = 0.004 * 250 ** rng.uniform(size=40)
    east, north = radius * np.cos(angle), radius * np.sin(angle)
    inside = np.maximum(np.abs(east), np.abs(north)) < 0.98 * SIZE * PIXEL / 2
    return east[inside], north[inside], flux[inside]


def day(integrations):
    """Return the visibilities with background, the track, and a function that takes the background away."""
    place = model_array.antennas("GMRT")
    first, second = model_array.pairs(len(place.position))
    middle = ephemeris.viewing(np.datetime64("2004-03-26T10:00:00"), "GMRT")
    when = middle.time[0] + (np.arange(integrations) - (integrations - 1) / 2) * 16.8 * WHOLE / integrations
    ra, dec = float(middle.ra[0]), float(middle.dec[0])
    uvw = model_array.baseline_uvw(
        model_array.field_frame(when, ra, dec, place.centre).axes, place.position, first, second
    )
    frequency = 606 * MHz + (np.arange(128) - 63.5) * 125 * kHz
    view = ephemeris.viewing(when, "GMRT")
    east, north = model_array.direction_cosines(view.ra, view.dec, ra, dec)
    coefficients = np.array(model_beam.find_beam("GMRT", 606 * MHz).coefficients)
    response = model_beam.primary_beam(np.hypot(east, north)[:, None], frequency, coefficients)
    followed = calibrate_track.track(view, response, ra_centre=ra, dec_centre=dec)
    rng = np.random.default_rng(2)
    sky = sources(rng)
    with Timer(f"predict {sky[0].size} sources", 3.0 * integrations / WHOLE):
        background = model_sources.predict(uvw, frequency, *sky)
    noise = np.float32(NOISE * (integrations / WHOLE) ** 0.5)
    value = np.empty((*background.shape, 2), np.complex64)
    for i in range(integrations):
        draw = rng.standard_normal((*background.shape[1:], 2, 2), dtype=np.float32) * noise
        value[i] = draw.view(np.complex64)[..., 0]
        value[i] += (background[i] + venus(uvw[i], frequency, followed, i))[..., None]
    setup = Setup(
        telescope="GMRT", antenna_name=place.name, antenna_position=place.position, antenna1=first,
        antenna2=second, frequency=frequency, channel_width=125 * kHz, polarisation=np.array(["RR", "LL"]),
        field_name=np.array(["VENUS"]), field_ra=np.array([ra]), field_dec=np.array([dec]),
    )  # fmt: skip
    seen = Visibilities(
        time=when, interval=np.full(integrations, 16.8), field=np.zeros(integrations, int),
        scan=np.arange(integrations) // 90, uvw=uvw, value=value,
        weight=np.full(value.shape, noise**-2, np.float32), flag=np.zeros(value.shape, bool), setup=setup,
    )  # fmt: skip
    return seen, followed, background


def venus(uvw, frequency, followed, i):
    """Return the visibilities of Venus at one time (baseline, channel)."""
    east, north = followed.direction[i]
    depth = np.sqrt(1 - east**2 - north**2)
    wave = frequency / SPEED_OF_LIGHT
    across = np.hypot(uvw[:, 0] - uvw[:, 2] * east / depth, uvw[:, 1] - uvw[:, 2] * north / depth)
    path = uvw @ np.array([east, north, depth - 1])
    grid = np.linspace(0, 30, 20000)
    shape = np.interp(
        np.pi * followed.angular_diameter[i] * across[:, None] * wave, grid, uniform_disk_visibility(grid)
    )
    turn = np.exp(2j * np.pi * path[:, None] * wave)
    return (FLUX * followed.response[i] * shape * turn).astype(np.complex64)


def compile_all(seen, followed, background):
    """Run everything once on a little."""
    few, track = take(seen, "time", slice(0, 16)), take(followed, "time", slice(0, 16))
    for free in (retrieve_disk.FLUX_ALONE, retrieve_disk.POSITION):
        less = dataclasses.replace(few, value=few.value - background[:16, :, :, None])
        retrieve_disk.disk(calibrate_track.averaged(less, track), free=free)
    calibrate_flags.automatic(few, few.value)
    solve(few, background[:16])
    some = grid_samples.samples(few, field_of_view=SIZE * PIXEL)
    frame = Frame(ra=0.0, dec=0.0, pixel=PIXEL, size=256, frequency=606e6, bandwidth=16e6, time=0.0)
    weight = grid_weights.briggs(some, robust=0.0, field_of_view=SIZE * PIXEL)
    prepared = grid_image.prepare(some, weight, frame, wide_psf=False)
    grid_clean.clark(prepared, grid_masks.everywhere(frame), cycles=1)


def flags(seen):
    """Flag scan by scan, as the pipeline does."""
    with Timer("flag interference", 10.0 * seen.time.size / WHOLE):
        taken = [
            calibrate_flags.automatic(block, block.value).flag.mean()
            for block in (take(seen, "time", seen.scan == scan) for scan in np.unique(seen.scan))
        ]
    print(f"  {100 * np.mean(taken):.3f} % of noise and planet taken")


def aoflagger(seen):
    """Flag one baseline in twenty with AOFlagger's generic strategy, where it is installed."""
    try:
        import aoflagger as peer
    except ImportError:
        print("AOFlagger is not installed: no comparison")
        return
    flagger = peer.AOFlagger()
    strategy = flagger.load_strategy_file(flagger.find_strategy_file(peer.TelescopeId.Generic))
    data = flagger.make_image_set(seen.time.size, seen.setup.frequency.size, 4)
    with Timer(f"AOFlagger: {len(range(0, seen.value.shape[1], 20))} of {seen.value.shape[1]} baselines"):
        for baseline in range(0, seen.value.shape[1], 20):
            for hand in range(2):
                plane = seen.value[:, baseline, :, hand].T
                data.set_image_buffer(2 * hand, np.ascontiguousarray(plane.real, dtype=float))
                data.set_image_buffer(2 * hand + 1, np.ascontiguousarray(plane.imag, dtype=float))
            strategy.run(data)


def solve(seen, background):
    """Return gains of every minute on the background."""
    return calibrate_gains.gains(seen, background, interval=60.0, reference=0, phase_only=False)


def clean(seen):
    """Return the CLEANed field, the visibilities taken a block at a time."""
    field = SIZE * PIXEL
    with Timer("  samples of Stokes I, averaged"):
        parts = [
            grid_samples.samples(take(seen, "time", slice(i, i + BLOCK)), field_of_view=field)
            for i in range(0, seen.time.size, BLOCK)
        ]
        every = concatenate(parts, "sample")
        del parts
    print(f"  {every.value.size / 1e6:.1f} million samples of {seen.value.size / 2e6:.1f} million")
    with Timer("  Briggs' weights, robust 0"):
        weight = grid_weights.briggs(every, robust=0.0, field_of_view=field)
    frame = Frame(
        ra=float(seen.setup.field_ra[0]), dec=float(seen.setup.field_dec[0]), pixel=PIXEL, size=SIZE,
        frequency=606 * MHz, bandwidth=16 * MHz, time=float(seen.time.mean()),
    )  # fmt: skip
    with Timer("  sort, point-spread function, dirty image"):
        prepared = grid_image.prepare(every, weight, frame, wide_psf=False)
    with Timer("  minor and major cycles"):
        found = grid_clean.clark(prepared, grid_masks.everywhere(frame))
    return found, every, weight, prepared


def ducc(every, weight, prepared):
    """Image the same samples with ducc0, where it is installed, and compare."""
    try:
        import ducc0
    except ImportError:
        print("ducc0 is not installed: no comparison")
        return
    with Timer("ours: one dirty image"):
        ours = model_imaging.image(prepared.plan)
    uvw = every.uvw.astype(float) * np.array([-1, -1, 1])  # its sign along w is the other one
    with Timer(f"ducc0 {ducc0.__version__}: one dirty image, 1e-4"):
        theirs = ducc0.wgridder.ms2dirty(
            uvw, np.array([SPEED_OF_LIGHT]), every.value[:, None], weight[:, None], SIZE, SIZE,
            PIXEL, PIXEL, 0, 0, 1e-4, do_wstacking=True, nthreads=2,
        )  # fmt: skip
    theirs = theirs[::-1].T  # (l, m) → (line, sample), samples westward
    theirs = np.roll(theirs, 1, axis=1)
    inner = slice(SIZE // 20, -SIZE // 20)
    apart = np.std(ours[inner, inner] - theirs[inner, inner]) / np.std(theirs[inner, inner])
    print(f"ours and ducc0's differ by {apart:.1e} of the image's rms")


def main():
    integrations = int(sys.argv[1]) if len(sys.argv) > 1 else WHOLE
    share = integrations / WHOLE
    seen, followed, background = day(integrations)
    compile_all(seen, followed, background)
    print(f"{seen.value.size / 1e6:.1f} million visibilities; {memory():.0f} MB with their simulation")
    with Timer("follow Venus and average 64 ×", 1.0 * share):
        tracked = calibrate_track.averaged(seen, followed)
    with Timer("gains of every minute", 1.5 * share):
        solve(seen, background)
    with Timer("whole field: CLEAN 2048²", 35.0):
        found, every, weight, prepared = clean(seen)
    print(
        f"  {found.cycles} major cycles, {found.iterations} components, rms {found.rms * 1e3:.3f} mJy "
        f"(thermal {prepared.dirty.noise * 1e3:.3f})"
    )
    ducc(every, weight, prepared)
    del every, weight, prepared
    seen = dataclasses.replace(seen, value=seen.value - background[..., None])
    tracked = calibrate_track.averaged(seen, followed)
    flags(seen)
    aoflagger(seen)
    for free in (retrieve_disk.FLUX_ALONE, retrieve_disk.POSITION):
        with Timer(f"uv fit, {'place free' if free.position else 'place held'}", 0.1):
            fitted = retrieve_disk.disk(tracked, free=free)
    print(
        f"  {fitted.flux_density * 1e3:.2f} ± {fitted.flux_density_std * 1e3:.2f} mJy of {FLUX * 1e3:.1f}; "
        f"null {fitted.null_flux_density * 1e3:.2f} ± {fitted.null_flux_density_std * 1e3:.2f} mJy"
    )


if __name__ == "__main__":
    main()
