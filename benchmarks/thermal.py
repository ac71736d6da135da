"""Speed and error of the thermal model, beside PythonicDISORT and scipy: python benchmarks/thermal.py.

Asked: a spectrum of 12 frequencies in 0.2 ms, a change of the ground alone in 0.1 ms, a three-parameter
posterior in 20 s. Times are those of the shortest call, after compilation. PythonicDISORT is taken if it is
installed.
"""

import sys
import time

import numpy as np
from scipy.integrate import quad

from hesper.physics import atmosphere as physics_atmosphere
from hesper.thermal import (
    model,
    model_atmosphere,
    model_columns,
    model_families,
    model_ground,
    model_layers,
    model_rays,
    read,
    retrieve,
    retrieve_posterior,
)
from hesper.units import GHz

FREQUENCY = np.array([22.46, 14.94, 8.44, 4.86, 1.465, 1.385, 0.606, 0.608, 0.43, 0.3329, 0.2399, 38.8]) * GHz


def best(work, repetitions):
    """Return the shortest time of a call [s]: what else the machine does cannot shorten it."""
    work()
    times = []
    for _ in range(9 * repetitions):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def report(what, seconds, asked):
    word = "ok" if seconds <= asked else "TOO SLOW"
    print(f"{what:58s} {seconds * 1e3:10.4f} ms   asked {asked * 1e3:9.1f} ms   {word}")


def plane_parallel(column, ones):
    """Return depths (frequency, layer from the top), levels from the top and the ground's source."""
    total = np.tensordot(ones, column.absorption, axes=1) * np.diff(column.altitude)
    return total[:, ::-1], column.source[:, ::-1]


def ours_flat(column, ones, cosines):
    """Return the upward radiation (frequency, cosine) of a flat atmosphere over a black ground."""
    total = np.tensordot(ones, column.absorption, axes=1)
    length = np.diff(column.altitude)[None, :] / cosines[:, None]
    shape = (column.frequency.size, cosines.size)
    up, down, left = np.empty(shape), np.empty(shape), np.empty(shape)
    none = np.zeros(cosines.size)
    model_rays.beams(total, column.source, length, none.astype(int), none, up, down, left)
    return up + left * column.source[:, :1]


def disort_flat(depth, level, streams):
    """Return cosines and upward radiation of the same by PythonicDISORT, one frequency."""
    from PythonicDISORT import pydisort

    edge = np.concatenate([[0.0], np.cumsum(depth)])
    slope = np.diff(level) / depth
    source = np.column_stack([level[:-1] - slope * edge[:-1], slope])
    phase = np.zeros((depth.size, streams))
    phase[:, 0] = 1.0
    found = pydisort(edge[1:], np.full(depth.size, 1e-9), streams, phase, 0.0, 0.0, 0.0, NFourier=1,
                     b_pos=float(level[-1]), s_poly_coeffs=source)  # fmt: skip
    return found[0][: streams // 2], found[-1](0.0, 0.0)[: streams // 2]


def scipy_flat(column, ones, i, cosine):
    """Return the same for one ray by adaptive quadrature of J dτ e^−τ over altitude."""
    z = np.array(column.altitude)
    total = np.tensordot(ones, column.absorption, axes=1)[i]
    above = np.concatenate([np.cumsum((total * np.diff(z))[::-1])[::-1], [0.0]]) / cosine

    def integrand(height):
        k = min(int(np.searchsorted(z, height, side="right")) - 1, total.size - 1)
        depth = above[k + 1] + total[k] * (z[k + 1] - height) / cosine
        return total[k] / cosine * np.exp(-depth) * np.interp(height, z, column.source[i])

    inside = quad(integrand, z[0], z[-1], points=z[1:-1], limit=400, epsrel=1e-8)[0]
    return inside + np.exp(-above[0]) * column.source[i, 0]


def peers(column, ones):
    """Print the flat atmosphere solved by us and by others: times per frequency and angle, differences."""
    streams = 16
    depth, level = plane_parallel(column, ones)
    try:
        cosines, _ = disort_flat(depth[0], level[0], streams)
    except ImportError:
        print("PythonicDISORT is not installed")
        cosines = 0.5 * (np.polynomial.legendre.leggauss(streams // 2)[0] + 1)
    mine = ours_flat(column, ones, cosines)
    time_ours = best(lambda: ours_flat(column, ones, cosines), 50) / mine.size
    print(f"flat atmosphere, per frequency and angle: ours {time_ours * 1e6:.2f} µs")
    if "PythonicDISORT" in sys.modules:
        start = time.perf_counter()
        theirs = np.array([disort_flat(d, s, streams)[1] for d, s in zip(depth, level, strict=True)])
        each = (time.perf_counter() - start) / mine.size
        print(f"    PythonicDISORT {each * 1e6:.1f} µs, {each / time_ours:.0f} times ours; apart by "
              f"{np.abs(theirs - mine).max():.2e} K")  # fmt: skip
    start = time.perf_counter()
    theirs = np.array([[scipy_flat(column, ones, i, c) for c in cosines[::4]] for i in (0, 4)])
    each = (time.perf_counter() - start) / theirs.size
    gap = np.abs(theirs - mine[[0, 4]][:, ::4]).max()
    print(f"    scipy.integrate.quad {each * 1e6:.0f} µs, {each / time_ours:.0f} times ours; apart by "
          f"{gap:.2e} K")  # fmt: skip


def main():
    air = model_atmosphere.standard(physics_atmosphere.vira())
    ones = np.ones(len(model_columns.SPECIES))
    start = time.perf_counter()
    column = model_columns.columns(FREQUENCY, air)
    print(
        f"opacities of 7 absorbers, once per atmosphere: {time.perf_counter() - start:.2f} s with compilation"
    )
    behind = model.sky_source(FREQUENCY, 30.0)
    cosine = column.rays.cosine

    def spectrum():
        ground = model_ground.uniform(FREQUENCY, cosine, 735.3, 4.15)
        return model.seen(model.sight(column.rays, model_columns.beams(column, ones), behind), ground)

    peers(column, ones)
    report("spectrum: 12 frequencies, 26 rays, 100 layers", best(spectrum, 200), 0.2e-3)
    sight = model.sight(column.rays, model_columns.beams(column, ones), behind)
    values = {"permittivity": 4.0, "deep_permittivity": 8.0, "deep_temperature": 450.0, "loss_depth": -1.3,
              "mirror_reflectivity": 0.6, "wavelength": 0.1, "exponent": 1.9}  # fmt: skip
    for kind in model_families.FAMILIES:
        each = np.array([values[p.name] for p in kind.parameters])
        report(
            f"ground alone: {kind.name}",
            best(lambda k=kind, v=each: model.seen(sight, k.ground(FREQUENCY, cosine, 735.3, v)), 500),
            0.1e-3,
        )
    stack = (np.array([1.0, 2.0]), np.array([2.0, 3.0, 8.0]), np.array([0.01, 0.01, 0.02]), np.full(3, 735.3))
    for law in (model_layers.layers_incoherent, model_layers.layers_coherent):
        report(
            f"ground alone: {law.__name__}, 2 layers",
            best(lambda law=law: model.seen(sight, law(FREQUENCY, cosine, *stack)), 200),
            0.1e-3,
        )
    table = read.published("mohan2017")
    scene = model.Scene(air, model_columns.Laws(), ones, 30.0)
    view = model.view(scene, table.frequency, table.reference_radius)
    for name in ("exponential", "step"):
        question = retrieve.ground_question(table, view, model_families.family(name), radar=read.no_radar())
        start = time.perf_counter()
        fit = retrieve.fit(question)
        middle = time.perf_counter()
        report(f"most probable parameters: {name}", middle - start, 1.0)
        try:
            sample = retrieve_posterior.posterior(question, seed=1)
        except Exception as error:
            print(error)
            continue
        report(f"three-parameter posterior and evidence: {name}", time.perf_counter() - middle, 20.0)
        print(f"    most probable {np.round(fit.value, 2)}, mean {np.round(sample.mean, 2)} ± "
              f"{np.round(sample.mean_std, 2)}, ln Z {sample.log_evidence:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
