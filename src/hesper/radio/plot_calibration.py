"""Figures of gains, bandpass and flags."""

from textwrap import wrap
from typing import TYPE_CHECKING

import numpy as np

from hesper.figures import COLOURS, figure, styled
from hesper.radio.data_calibration import Bandpass, FlagReport, Gains
from hesper.record import Array
from hesper.units import MHz, deg, hour, percent

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LABEL = 22
"""Letters of a line beside a bar."""


def gains(found: Gains) -> "Figure":
    """Draw amplitude, relative to each antenna's mean, against time and elevation, and phase against time."""
    with styled():
        drawn = figure(9.0, 3.6)
        panels = drawn.subplots(1, 3)
        since = (found.time - found.time[0]) / hour
        relative = found.amplitude / np.nanmean(found.amplitude, axis=0)
        every, middle = relative.reshape(len(since), -1), np.nanmedian(relative, axis=(1, 2))
        panels[0].plot(since, every, ".", ms=2, color="#bbbbbb")
        panels[0].plot(since, middle, "o", ms=3, color=COLOURS[0], label="median of the antennas")
        panels[0].set_xlabel("hours")
        panels[0].set_ylabel("amplitude / mean of the antenna")
        panels[0].legend()
        panels[1].plot(found.elevation / deg, every, ".", ms=2, color="#bbbbbb")
        panels[1].plot(found.elevation / deg, middle, "o", ms=3, color=COLOURS[0])
        panels[1].set_xlabel("elevation [°]")
        panels[1].sharey(panels[0])
        # From the first solution on, so that antennas share the axis; jumps by a turn are none.
        turned = np.angle(np.exp(1j * (found.phase - found.phase[:1])))
        panels[2].plot(since, turned.reshape(len(since), -1) / deg, ".", ms=2, color=COLOURS[1])
        panels[2].set_ylim(-180, 180)
        panels[2].set_yticks([-180, -90, 0, 90, 180])
        panels[2].set_xlabel("hours")
        panels[2].set_ylabel("phase − first phase [°]")
        return drawn


def bandpass(found: Bandpass) -> "Figure":
    """Draw amplitude and phase of every antenna against frequency."""
    with styled():
        drawn = figure(8.0, 3.4)
        left, right = drawn.subplots(1, 2)
        for axes, values, name in (
            (left, found.amplitude, "amplitude"),
            (right, found.phase / deg, "phase [°]"),
        ):
            lines = np.moveaxis(values, 1, 0).reshape(found.frequency.size, -1)
            axes.plot(found.frequency / MHz, lines, lw=0.6, color="#bbbbbb")
            # A channel without any solution has no median, and the line a gap.
            seen = np.isfinite(lines).any(axis=1)
            middle = np.full(seen.size, np.nan)
            middle[seen] = np.nanmedian(lines[seen], axis=1)
            axes.plot(found.frequency / MHz, middle, color=COLOURS[0], label="median")
            axes.set_xlabel("frequency [MHz]")
            axes.set_ylabel(name)
        left.legend()
        return drawn


def flags(found: FlagReport) -> "Figure":
    """Draw what part was flagged: after each step, by antenna and by channel."""
    with styled():
        drawn = figure(11.0, 3.8)
        first, second, third = drawn.subplots(1, 3, width_ratios=(1.0, 1.9, 1.1))
        _bars(first, found.step, found.part)
        first.set_title("after each step")
        place = np.arange(found.antenna_name.size)
        second.bar(place, found.antenna_part / percent, color=COLOURS[1])
        second.set_xticks(place, found.antenna_name, rotation=90, fontsize=7)
        second.grid(visible=False, axis="x")
        second.set_ylabel("flagged [%]")
        second.set_title("by antenna")
        third.step(found.frequency / MHz, found.channel_part / percent, where="mid", color=COLOURS[1])
        third.set_ylim(bottom=0)
        third.set_xlabel("frequency [MHz]")
        third.set_title("by channel")
        return drawn


def _bars(axes, names: Array, parts: Array) -> None:  # type: ignore[no-untyped-def]
    place = np.arange(len(names))
    axes.barh(place, np.asarray(parts) / percent, color=COLOURS[0])
    axes.set_yticks(place, ["\n".join(wrap(str(name), _LABEL)) for name in names])
    axes.invert_yaxis()
    axes.set_xlabel("flagged [%]")
