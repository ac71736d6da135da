"""From a simulated night-side archive to an emissivity map: a few orbits over one segment."""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hesper import config, products, runs
from hesper.vmc import model_surface, pipeline

settings = config.load(pipeline.Config, {"archive": "", "simulation": {"orbits": 3, "images": 15}})
light = model_surface.table(settings.atmosphere, 1.01e-6)
gain = 1 / model_surface.sensitivity(light, np.array(0.0), 0.9)
print(f"1 % of brightness is {gain:.1f} % of emissivity")

with TemporaryDirectory() as folder:
    place = Path(folder)
    with runs.open_run(place / "archive", products.Provenance(recipe={}), quiet=True) as run:
        pipeline.simulate(settings, run)
    recipe = {"archive": str(place / "archive"), "level3": False, "emissivity": {"least_count": 2}}
    with runs.open_run(place / "maps", products.Provenance(recipe={}), quiet=True) as run:
        for row in pipeline.run(config.load(pipeline.Config, recipe), run)[:8]:
            print(f"{row.quantity}: {row.value:.4g} {row.unit}")
