"""Make the pictures of the radar's passes: `python docs/make_radar_figures.py [date …]` writes docs/figures.

Each pass is simulated and reduced, half a minute to a minute each. The pictures are committed.
"""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image

from hesper import figures
from hesper.config import load
from hesper.radar import (
    grid_finder,
    grid_patches,
    pipeline_interferometer,
    pipeline_tiles,
    plot_finder,
    plot_interferometer,
    simulate,
    simulate_finder,
)
from hesper.radar.pipeline_config import Config

FOLDER = Path(__file__).parent / "figures"
LARGEST = 120_000
HOURS = {
    "1972-06-20": ("6 h", "0 h"),
    "1973-12-23": ("3 h", "0 h"),
    "1973-12-28": ("6 h", "0 h"),
    "1974-01-13": ("6 h", "0 h"),
    "1974-01-20": ("5 h", "1 h"),
    "1974-02-01": ("6 h", "0 h"),
    "1974-02-18": ("6 h", "0 h"),
    "1974-02-27": ("6 h", "0 h"),
}
"""Length of a pass and how long after transit its middle was; see docs/papers/goldstein-1976.md."""
LATE = ("2 h", "4 h")
"""A pass of 20 January 1974 in which the baseline hardly changes."""


def brightness_and_altitude(date, hours):
    """Return brightness and altitudes of a simulated pass."""
    observation = {"date": date, "duration": hours[0], "offset": hours[1]}
    config = load(Config, {"observation": observation})
    echoes = simulate.echoes(pipeline_tiles.setup(config))
    found = pipeline_interferometer.reduce(config, echoes, None)
    return plot_interferometer.side_by_side(found.surface, grid_patches.smoothed(found.surface))


def finder():
    """Return the finder map of the whole disk."""
    config = load(Config, {"source": "finder"})
    planet = simulate_finder.mottled(pipeline_tiles.terrain(config), seed=config.seed)
    ground = grid_finder.chart_area(config.finder, finer=3)
    looks = simulate_finder.looks(config.finder, planet, ground, config.scene, seed=config.seed)
    chart = grid_finder.chart(looks, grid_finder.chart_area(config.finder), config.scene)
    return plot_finder.finder(chart, config.finder.grid)


def save(name, drawn):
    """Write a picture of 128 colours, and refuse one that is too large to commit."""
    stream = BytesIO()
    picture = Image.open(BytesIO(figures.png(drawn, dpi=80))).convert("RGB")
    picture.quantize(128, dither=Image.Dither.NONE).save(stream, format="png", optimize=True)
    content = stream.getvalue()
    if len(content) > LARGEST:
        raise SystemExit(f"{name}: {len(content)} bytes; at most {LARGEST} are committed")
    (FOLDER / f"radar-{name}.png").write_bytes(content)
    print(f"radar-{name}.png: {len(content)} bytes")


def main():
    """Write the pictures of the dates that are named, or of all."""
    wanted = sys.argv[1:] or ["finder", *HOURS, "late"]
    for name in wanted:
        if name == "finder":
            save(name, finder())
        elif name == "late":
            save(name, brightness_and_altitude("1974-01-20", LATE))
        else:
            save(name, brightness_and_altitude(name, HOURS[name]))


if __name__ == "__main__":
    main()
