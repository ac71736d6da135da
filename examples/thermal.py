"""From Table 4 of Mohan et al. 2017 to what may lie below the surface: python examples/thermal.py."""

from pathlib import Path

import numpy as np

from hesper import figures
from hesper.physics import atmosphere
from hesper.thermal import (
    model,
    model_atmosphere,
    model_columns,
    model_families,
    plot,
    read,
    retrieve,
    retrieve_comparison,
    simulate,
)
from hesper.units import GHz

# What is measured, and what lies above the ground.
table = read.published("mohan2017")
scene = model.Scene(
    model_atmosphere.standard(atmosphere.vira()),
    model_columns.Laws(),
    np.ones(len(model_columns.SPECIES)),
    sky_408=30.0,
)

# Every family of grounds, fitted; the atmosphere is solved once.
view = model.view(scene, table.frequency, table.reference_radius)
fits = [
    retrieve.fit(retrieve.ground_question(table, view, kind, radar=read.no_radar()))
    for kind in model_families.FAMILIES
]
comparison = retrieve_comparison.comparison(fits, surface_temperature=scene.surface_temperature)
print(retrieve_comparison.verdict(comparison))
print("\n".join(retrieve_comparison.flags(comparison)))

# Radar saw a reflectivity of 0.15 down to 38 MHz: what is left if the ground must have that too?
joint = [
    retrieve.fit(retrieve.ground_question(table, view, kind, radar=read.radar()))
    for kind in model_families.FAMILIES
]
for alone, both in zip(fits, joint, strict=True):
    print(f"{alone.family}: χ² {alone.chi_square_scaled:.1f} alone, {both.chi_square_scaled:.1f} with radar")

# The figure of the paper, with our model.
wide = model.view(scene, np.geomspace(0.24, 1000.0, 80) * GHz)
curves = [
    (fit.family, simulate.prediction(wide, kind, np.array(fit.value)))
    for kind, fit in zip(model_families.FAMILIES, fits, strict=True)
]
Path("thermal-spectrum.png").write_bytes(figures.png(plot.spectrum(table, curves)))
