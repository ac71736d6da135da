"""Figures of the radio system."""

from typing import TYPE_CHECKING

import numpy as np

from hesper.figures import COLOURS, figure, styled
from hesper.radio.data import Temperatures
from hesper.record import Array
from hesper.units import MHz

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def temperatures(found: Temperatures, published: Array) -> "Figure":
    """Draw brightness temperatures with their errors beside the published ones [K] (measurement,)."""
    with styled():
        drawn = figure(6.8, 3.6)
        axes = drawn.subplots()
        place = np.arange(found.frequency.size)
        detected, limit = ~found.is_limit, found.is_limit
        axes.errorbar(
            place[detected] - 0.08,
            found.brightness_temperature[detected],
            yerr=found.brightness_temperature_std[detected],
            fmt="o",
            color=COLOURS[1],
            capsize=3,
            label="recomputed, with noise, sky and calibration errors",
        )
        axes.plot(
            place + 0.08, published, "s", color=COLOURS[0], mfc="none", label="printed (Mohan et al. 2017)"
        )
        axes.plot(
            place[limit] - 0.08,
            found.brightness_temperature[limit],
            "v",
            color=COLOURS[1],
            label="recomputed 3σ limit",
        )
        names = [
            f"{f / MHz:.1f} MHz\n{label.split()[-1]}"
            for f, label in zip(found.frequency, found.label, strict=True)
        ]
        axes.set_xticks(place, names)
        axes.set_xlim(-0.5, place[-1] + 0.5)
        axes.set_ylabel("brightness temperature [K]")
        axes.legend(loc="lower left")
        return drawn
