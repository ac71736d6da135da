"""Speed of the thermal model: python benchmarks/thermal.py.

Asked: a spectrum of 12 frequencies in 0.2 ms, a change of the ground alone in 0.1 ms, a three-parameter
posterior in 20 s. Times are the best of several repetitions, after compilation.
"""

import time

import numpy as np

from hesper.physics import atmosphere as physics_atmosphere
from hesper.thermal import (
    model,
    model_atmosphere,
    model_columns,
    model_families,
    model_ground,
    model_layers,
    read,
    retrieve,
    retrieve_posterior,
)
from hesper.units import GHz

FREQUENCY = np.array([22.46, 14.94, 8.44, 4.86, 1.465, 1.385, 0.606, 0.608, 0.43, 0.3329, 0.2399, 38.8]) * GHz


def best(work, repetitions):
    """Return the shortest time of a call [s], out of nine rounds."""
    work()
    times = []
    for _ in range(9):
        start = time.perf_counter()
        for _ in range(repetitions):
            work()
        times.append((time.perf_counter() - start) / repetitions)
    return min(times)


def report(what, seconds, asked):
    word = "ok" if seconds <= asked else "TOO SLOW"
    print(f"{what:58s} {seconds * 1e3:10.4f} ms   asked {asked * 1e3:9.1f} ms   {word}")


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
