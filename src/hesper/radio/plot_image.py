"""Figures of images, of the uv-plane and of what was fitted there."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hesper.constants import SPEED_OF_LIGHT
from hesper.figures import COLOURS, figure, styled
from hesper.radio.data import Temperatures
from hesper.radio.data_image import Beam, Clean, DiskFit, DiskProfile, Frame, Tracked
from hesper.radio.model_imaging import coordinates
from hesper.record import Array
from hesper.units import arcmin, arcsec, deg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def contours(
    image: Array, frame: Frame, beam: Beam, *, levels: Sequence[float], radius: float, disk: float, title: str
) -> "Figure":
    """Draw contours of an image [mJy per beam] about its centre, as Figs. 1 and 2 of Mohan et al. 2017.

    Parameters
    ----------
    image
        (line, sample) [Jy per beam].
    frame, beam
        Of the image.
    levels
        Contours [mJy per beam]; negative ones are dashed.
    radius
        Half of what is shown [rad].
    disk
        Diameter of the planet [rad].
    title
        Heading.
    """
    with styled():
        drawn = figure(5.0, 4.4)
        axes = drawn.subplots()
        east, north = (x / arcsec for x in coordinates(frame.size, frame.pixel))
        shown = axes.pcolormesh(east, north, image * 1e3, cmap="Greys", shading="nearest", rasterized=True)
        axes.contour(east, north, image * 1e3, levels=sorted(levels), colors=COLOURS[1], linewidths=0.8)
        axes.add_patch(_circle(disk / 2 / arcsec))
        _beam(axes, beam, -0.8 * radius / arcsec, arcsec)
        axes.set_xlim(radius / arcsec, -radius / arcsec)
        axes.set_ylim(-radius / arcsec, radius / arcsec)
        axes.set_aspect("equal")
        axes.grid(False)
        axes.set_xlabel("east [″]")
        axes.set_ylabel("north [″]")
        axes.set_title(title)
        drawn.colorbar(shown, ax=axes, label="mJy per beam")
        return drawn


def _circle(radius: float) -> Any:
    from matplotlib.patches import Circle

    return Circle((0, 0), radius, fill=False, ls=":", ec=COLOURS[0], lw=1.2)


def _beam(axes: "Axes", beam: Beam, corner: float, unit: float) -> None:
    """Draw the beam in the lower corner on the right, where the east is low."""
    from matplotlib.patches import Ellipse

    # In coordinates of east and north an ellipse turns from north to west.
    ellipse = Ellipse(
        (corner, corner),
        beam.minor / unit,
        beam.major / unit,
        angle=-beam.angle / deg,
        fc=COLOURS[5],
        alpha=0.7,
    )
    axes.add_patch(ellipse)


def stages(dirty: Array, found: Clean, *, scale: float, title: str) -> "Figure":
    """Draw a dirty image, the restored one and the residual side by side [mJy per beam].

    Parameters
    ----------
    dirty
        (line, sample) [Jy per beam].
    found
        What CLEAN made of it.
    scale
        Largest value shown [Jy per beam].
    title
        Heading.
    """
    with styled():
        drawn = figure(9.6, 3.5)
        panels = drawn.subplots(1, 3, sharex=True, sharey=True)
        east, north = coordinates(found.frame.size, found.frame.pixel)
        wide = found.frame.size * found.frame.pixel > 4 * arcmin
        unit, name = (arcmin, "′") if wide else (arcsec, "″")
        extent = [east[0] / unit, east[-1] / unit, north[0] / unit, north[-1] / unit]
        named = (("dirty", dirty), ("restored", found.restored), ("residual", found.residual))
        for axes, (label, image) in zip(panels, named, strict=True):
            shown = axes.imshow(
                image * 1e3, origin="lower", extent=extent, cmap="viridis", vmin=-0.3 * scale * 1e3,
                vmax=scale * 1e3, interpolation="nearest",
            )  # fmt: skip
            axes.set_title(label)
            axes.set_xlabel(f"east [{name}]")
            axes.grid(False)
        panels[0].set_ylabel(f"north [{name}]")
        drawn.colorbar(shown, ax=list(panels), label="mJy per beam", shrink=0.85)
        drawn.suptitle(title)
        return drawn


def coverage(tracked: Tracked) -> "Figure":
    """Draw the uv-plane that was sampled, both halves, in thousands of wavelengths."""
    with styled():
        drawn = figure(4.6, 4.4)
        axes = drawn.subplots()
        wave = tracked.frequency[len(tracked.frequency) // 2] / SPEED_OF_LIGHT / 1e3
        seen = tracked.weight.sum(axis=(2, 3)) > 0
        u, v = (tracked.uv[..., i][seen] * wave for i in (0, 1))
        axes.plot(np.r_[u, -u], np.r_[v, -v], ",", color=COLOURS[1], rasterized=True)
        axes.set_aspect("equal")
        axes.invert_xaxis()
        axes.set_xlabel("u [kλ], east")
        axes.set_ylabel("v [kλ], north")
        axes.set_title("uv-coverage")
        return drawn


def profile(rings: DiskProfile, fitted: DiskFit) -> "Figure":
    """Draw visibility against baseline: real parts with the disk, imaginary parts as the null test."""
    with styled():
        drawn = figure(6.4, 4.4)
        above, below = drawn.subplots(2, 1, sharex=True, height_ratios=(2, 1))
        place = rings.baseline / 1e3
        above.errorbar(
            place, rings.real * 1e3, rings.std * 1e3, fmt="o", ms=3, color=COLOURS[1], label="real part"
        )
        above.plot(
            place, rings.model * 1e3, color=COLOURS[0],
            label=f"disk of {fitted.flux_density * 1e3:.2f} ± {fitted.flux_density_std * 1e3:.2f} mJy, "
                  f"{fitted.angular_diameter / arcsec:.2f}″",
        )  # fmt: skip
        above.axhline(0, color="#888888", lw=0.6)
        above.set_ylabel("real [mJy]")
        above.legend()
        below.errorbar(place, rings.imaginary * 1e3, rings.std * 1e3, fmt="o", ms=3, color=COLOURS[2])
        below.axhline(0, color="#888888", lw=0.6)
        below.set_ylabel("imaginary [mJy]")
        below.set_xlabel("baseline [kλ]")
        below.set_title(
            f"null test: {fitted.null_flux_density * 1e3:.2f} ± {fitted.null_flux_density_std * 1e3:.2f} mJy",
            fontsize="small",
        )
        return drawn


def spectrum(found: Temperatures, published: Sequence[dict[str, str]]) -> "Figure":
    """Draw temperature against wavelength with published ones, as Fig. 3 of Mohan et al. 2017.

    Parameters
    ----------
    found
        Ours.
    published
        Rows of the packaged table mohan2017_table4.
    """
    with styled():
        drawn = figure(6.4, 4.2)
        axes = drawn.subplots()
        markers = {"Butler": "s", "Muhleman": "D", "Condon": "^", "Mohan": "o"}
        names = list(dict.fromkeys(row["investigators"] for row in published))
        for name, colour in zip(names, COLOURS[1:], strict=False):
            rows = [row for row in published if row["investigators"] == name]
            wave = [SPEED_OF_LIGHT / (float(row["frequency_MHz"]) * 1e6) for row in rows]
            value = [float(row["temperature_K"]) for row in rows]
            limits = [row["limit"] == "1" for row in rows]
            error = [
                25.0 if limit else float(row["temperature_std_K"])
                for row, limit in zip(rows, limits, strict=True)
            ]
            axes.errorbar(
                wave, value, error, uplims=limits, fmt=markers.get(name.split()[0], "o"), color=colour,
                mfc="none", ms=5, capsize=2, label=name,
            )  # fmt: skip
        ours = np.where(found.is_limit, 25.0, found.brightness_temperature_std)
        axes.errorbar(
            SPEED_OF_LIGHT / found.frequency, found.brightness_temperature, ours, uplims=found.is_limit,
            fmt="o", color=COLOURS[0], ms=5, capsize=2, label="hesper",
        )  # fmt: skip
        axes.set_xscale("log")
        axes.set_xlabel("wavelength [m]")
        axes.set_ylabel("brightness temperature [K]")
        axes.legend(ncols=2)
        return drawn
