"""Figures 1 to 9 of Gaulme et al. 2008, of a run reduced by their route."""

import numpy as np

from hesper import figures
from hesper.constants import SPEED_OF_LIGHT
from hesper.ephemeris import Viewing
from hesper.record import Array
from hesper.units import angstrom, arcsec, deg, km
from hesper.winds import model, model_correlation, plot
from hesper.winds.calibrate_paper import Chords, CleanSpectra
from hesper.winds.data import Spectra, Velocities
from hesper.winds.model_spectrum import Spectrum


def appearance(disk: model.Aspect) -> bytes:
    """Draw figure 1: the lit disk with the sub-Earth and sub-solar points."""
    side = np.linspace(-1.08, 1.08, 400) * disk.angular_radius
    place = model.points(disk, side[None, :], side[:, None])
    light = np.nan_to_num(np.clip(place.cos_incidence, 0, None))
    with figures.styled():
        drawn = figures.figure(4.4, 4.2)
        ax = drawn.subplots()
        edge = side[-1] / arcsec
        ax.imshow(light, origin="lower", extent=(-edge, edge, -edge, edge), cmap="gray")
        plot.outline(ax, disk)
        for name, point, text in (("SEP", disk.to_observer, "left"), ("SSP", disk.to_sun, "right")):
            x, y = (float(point @ axis) * disk.angular_radius / arcsec for axis in (disk.across, disk.along))
            ax.plot(x, y, "o", color=figures.COLOURS[0], ms=4)
            ax.annotate(
                name,
                (x, y),
                xytext=(6 if text == "left" else -6, 6),
                textcoords="offset points",
                color=figures.COLOURS[0],
                ha=text,
            )
        ax.set(xlabel="sunward [arcsec]", ylabel="along the slit [arcsec]")
        ax.set_title(
            f"phase angle {model.phase(disk) / deg:.2f}°, radius {disk.angular_radius / arcsec:.2f}″"
        )
        ax.grid(False)
        return figures.png(drawn)


def coverage(disk: model.Aspect, x: Array, measured: Velocities) -> bytes:
    """Draw figure 2: where the slit went, and which points were kept."""
    good = measured.flag == 0
    with figures.styled():
        drawn = figures.figure(4.4, 4.2)
        ax = drawn.subplots()
        plot.outline(ax, disk)
        ax.plot(measured.x[good] / arcsec, measured.y[good] / arcsec, ".", ms=1.0, alpha=0.5)
        for edge in (np.nanmin(x), np.nanmax(x)):
            ax.axvline(edge / arcsec, color=figures.COLOURS[0], lw=0.8)
        ax.set(xlabel="sunward [arcsec]", ylabel="along the slit [arcsec]", aspect="equal")
        ax.set_title("points used, and first and last slit position")
        return figures.png(drawn)


def skylight(clean: CleanSpectra) -> bytes:
    """Draw figure 3: mean intensity of the sky in every frame."""
    level = clean.reference.mean(axis=1)
    with figures.styled():
        drawn = figures.figure(6.4, 3.0)
        ax = drawn.subplots()
        seen = level > 0
        ax.plot(np.flatnonzero(seen), level[seen], lw=0.8)
        ax.set(xlabel="frame", ylabel="skylight [electrons]")
        ax.set_title(f"mean {level[seen].mean():.1f}, standard deviation {level[seen].std():.1f}")
        return figures.png(drawn)


def line_and_slope(lines: Spectrum) -> bytes:
    """Draw figure 4: the deepest line at rest and its sensitivity to velocity."""
    bottom = lines.wavelength[np.argmin(lines.solar)]
    near = np.abs(lines.wavelength - bottom) < 0.8 * angstrom
    slope = np.gradient(lines.solar, lines.wavelength) * lines.wavelength / SPEED_OF_LIGHT
    with figures.styled():
        drawn = figures.figure(5.6, 4.6)
        top, low = drawn.subplots(2, 1, sharex=True)
        offset = (lines.wavelength[near] - bottom) / angstrom
        top.plot(offset, lines.solar[near], label="Sun")
        top.plot(offset, np.exp(-lines.telluric_depth[near]), lw=0.8, label="our air")
        top.axhline(0.3, lw=0.6, color="#888888")
        top.set(ylabel="intensity")
        top.legend()
        low.plot(offset, 1e4 * slope[near])
        low.set(xlabel=f"wavelength less {bottom / angstrom:.3f} Å [Å]", ylabel="slope [10⁻⁴ per m/s]")
        return figures.png(drawn)


def raw_and_clean(spectra: Spectra, clean: CleanSpectra, frame: int) -> bytes:
    """Draw figure 5: a frame as delivered, and the planet without distortion and skylight."""
    with figures.styled():
        drawn = figures.figure(8.4, 3.8)
        left, right = drawn.subplots(1, 2)
        for ax, image, first, title in (
            (left, spectra.electrons[frame], 0, "raw"),
            (right, clean.electrons[frame], int(clean.row[0]), "straight, skylight subtracted"),
        ):
            high = float(np.nanpercentile(image, 99.5))
            extent = (0, image.shape[1], first, first + image.shape[0])
            ax.imshow(image, origin="lower", aspect="auto", cmap="gray", vmin=0, vmax=high, extent=extent)
            ax.set(title=title, xlabel="pixel along the dispersion", ylabel="row along the slit")
            ax.grid(False)
        return figures.png(drawn)


def profiles(clean: CleanSpectra, spectra: Spectra, frame: int) -> bytes:
    """Draw figure 6: light along the slit in two consecutive frames, with the half-maximum level."""
    height = clean.row * spectra.setup.row_height / arcsec
    with figures.styled():
        drawn = figures.figure(5.6, 3.4)
        ax = drawn.subplots()
        for i in (frame, frame + 1):
            light = clean.electrons[i].mean(axis=1)
            (line,) = ax.plot(height, light, lw=1.0, label=f"frame {i + 1}")
            ax.axhline(np.percentile(light, 99) / 2, lw=0.6, ls="--", color=line.get_color())
        ax.set(xlabel="along the slit [arcsec]", ylabel="mean of the row [electrons]")
        ax.legend()
        return figures.png(drawn)


def chord_lengths(chords: Chords) -> bytes:
    """Draw figure 7: extent of the planet along the slit, and its cubic in time."""
    with figures.styled():
        drawn = figures.figure(6.4, 3.2)
        ax = drawn.subplots()
        ax.plot(chords.length / arcsec, lw=0.7)
        ax.plot(chords.smooth / arcsec, ls="--", color=figures.COLOURS[1])
        ax.set(xlabel="frame", ylabel="full width at half maximum [arcsec]")
        ax.set_title(f"scatter about the cubic {np.nanstd(chords.scatter) / arcsec:.2f}″")
        return figures.png(drawn)


def ephemeris_velocities(view: Viewing) -> bytes:
    """Draw figure 8: velocities of Sun and Venus relative to the observer."""
    minutes = (view.time - view.time[0]) / 60
    with figures.styled():
        drawn = figures.figure(6.0, 3.4)
        ax = drawn.subplots()
        ax.plot(minutes, view.sun_observer_rate / km)
        ax.set_xlabel("minutes from the first frame")
        ax.set_ylabel("Sun–observer [km/s]", color=figures.COLOURS[0])
        other = ax.twinx()
        other.plot(minutes, view.venus_observer_rate / km, color=figures.COLOURS[1])
        other.set_ylabel("Venus–observer [km/s]", color=figures.COLOURS[1])
        other.grid(False)
        shift = SPEED_OF_LIGHT * float(view.relative_shift.mean()) / km
        ax.set_title(f"mean shift of Venus's lines against the sky's {shift:+.3f} km/s")
        return figures.png(drawn)


def correlation(clean: CleanSpectra, spectra: Spectra, frame: int, *, half_window: int) -> bytes:
    """Draw figure 9: reference and planet, and the quartic at the peak of their correlation."""
    middle = clean.electrons.shape[1] // 2
    planet = clean.electrons[frame, middle - 2 : middle + 3].sum(axis=0, dtype=float)
    reference = clean.reference[frame]
    centre = (
        float(spectra.viewing.relative_shift.mean()) * spectra.setup.wavelength / spectra.setup.dispersion
    )
    lags = np.arange(round(centre) - 2 * half_window, round(centre) + 2 * half_window + 1)
    values = model_correlation.correlation(planet[None, :], reference, lags)
    place, _ = model_correlation.peak(values, lags, half_window)
    with figures.styled():
        drawn = figures.figure(8.4, 3.4)
        left, right = drawn.subplots(1, 2)
        left.plot(reference / reference.max(), ls="--", label="sky")
        left.plot(planet / planet.max() + 0.2, label="Venus, offset by 0.2")
        left.set(xlabel="pixel", ylabel="normalised intensity")
        left.legend()
        right.plot(lags, values[0], "o", ms=3)
        near = np.abs(lags - lags[np.argmax(values[0])]) <= half_window
        fine = np.linspace(lags[near][0], lags[near][-1], 200)
        right.plot(fine, np.polyval(np.polyfit(lags[near], values[0][near], 4), fine))
        right.axvline(place[0], lw=0.6, color="#888888")
        right.set(xlabel="lag [pixels]", ylabel="correlation", title=f"maximum at {place[0]:.2f} pixels")
        return figures.png(drawn)
