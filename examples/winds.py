"""Simulate a short run of the paper's geometry, reduce it by both routes, and compare with the truth."""

import dataclasses
from pathlib import Path

from hesper.config import frozen_defaults
from hesper.winds import grid, pipeline_demo, pipeline_paper, pipeline_recommended, plot
from hesper.winds.pipeline_config import Config, simulated

recipe = pipeline_demo.reduced_size(frozen_defaults(Config))
recipe = dataclasses.replace(recipe, observation=dataclasses.replace(recipe.observation, frames=30))
made = simulated(recipe)

found = pipeline_recommended.reduce(recipe, made.frames)
paper = pipeline_paper.reduce(recipe, made.frames)
print(f"truth                westward {-made.truth.zonal_wind:.0f} m/s")
print(f"recommended route    westward {-found.winds.value[0]:.1f} ± {found.winds.value_std[0]:.1f} m/s")
print(
    f"the paper's route    westward {paper.uniform.wind:.0f} ± {paper.uniform.two_sigma:.0f} m/s (2σ), biased"
)
print(f"dispersion           {found.wavelengths.dispersion * 1e13:.4f} mÅ per pixel")

cells = grid.disk_map(found.velocities, found.disk)
on_planet = grid.velocity_map(found.velocities, found.winds)
Path("winds.png").write_bytes(plot.maps(cells, on_planet, found.disk))
