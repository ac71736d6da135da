"""Make the figures of the documentation: `python docs/make_figures.py` writes docs/figures/*.png.

They are committed, so that building the pages renders nothing.
"""

from pathlib import Path

import numpy as np

from hesper import ephemeris, figures
from hesper.constants import SPEED_OF_LIGHT, SUN_RADIUS, VENUS_RADIUS
from hesper.geometry import delay_doppler, disk, doppler, sphere, young
from hesper.physics import sky
from hesper.radio import plot, read, retrieve
from hesper.radio.pipeline import PAPER
from hesper.units import MHz, arcsec, deg, km

FOLDER = Path(__file__).parent / "figures"
LARGEST = 120_000


def apparition():
    """Draw diameter, illumination and line shifts over a synodic period."""
    times = np.datetime64("2006-06-01") + np.arange(0, 584, 2)
    view = ephemeris.viewing(times, "geocentre")
    with figures.styled():
        drawn = figures.figure(7.0, 4.6)
        top, middle, bottom = drawn.subplots(3, sharex=True)
        top.plot(times, view.angular_diameter / arcsec)
        top.set_ylabel("diameter [″]")
        middle.plot(times, 100 * view.illuminated_fraction, color=figures.COLOURS[1])
        middle.set_ylabel("lit [%]")
        bottom.plot(times, view.venus_observer_rate / km, color=figures.COLOURS[4], label="Venus to observer")
        bottom.plot(
            times,
            view.relative_shift * SPEED_OF_LIGHT / km,
            color=figures.COLOURS[3],
            label="Venus line less sky line",
        )
        bottom.set_ylabel("receding [km/s]")
        bottom.legend(loc="lower right")
    return drawn


def wind_and_young():
    """Draw the shift of a solar line by a westward wind, and by the Young effect alone."""
    view = ephemeris.viewing("2007-11-07T13:30:00", "Teide")
    to_observer, to_sun, axes = view.to_observer[0], view.to_sun[0], view.body_axes[0]
    on_sky = sphere.local_axes(*sphere.lon_lat(-(axes.T @ to_observer)))
    side = np.linspace(-1, 1, 260)
    x, y = np.meshgrid(side, side)
    with np.errstate(invalid="ignore"):
        z = np.sqrt(0.998 - x**2 - y**2)
    normal = x[..., None] * (axes @ on_sky.east) + y[..., None] * (axes @ on_sky.north)
    normal = normal + z[..., None] * to_observer
    with np.errstate(invalid="ignore"):
        normal[normal @ to_sun < np.cos(88 * deg)] = np.nan
    wind = doppler.wind_vector(*sphere.lon_lat(normal), -100.0)
    radius = SUN_RADIUS / view.sun_distance[0]
    spin = axes @ sphere.unit_vector(*(angle * deg for angle in young.SUN_AXIS_RA_DEC))
    maps = {
        "westward wind of 100 m/s": doppler.reflected_velocity(wind, to_sun, to_observer),
        "no wind: the Young effect": young.young_velocity(
            normal,
            to_sun,
            spin,
            angular_radius=radius,
            limb_speed=young.limb_velocity(SUN_RADIUS, view.sun_distance[0], 35.0 * km),
        ),
    }
    with figures.styled():
        drawn = figures.figure(7.0, 3.4)
        for panel, (title, velocity), limit in zip(
            drawn.subplots(1, 2, sharey=True), maps.items(), (120, 30), strict=True
        ):
            image = panel.pcolormesh(x, y, velocity, cmap="RdBu_r", vmin=-limit, vmax=limit, rasterized=True)
            panel.contour(x, y, velocity, colors="k", linewidths=0.5)
            turn = np.linspace(0, 2 * np.pi, 200)
            panel.plot(np.cos(turn), np.sin(turn), color="0.4", linewidth=0.8)
            panel.set(aspect="equal", xlim=(1.05, -1.05), title=title, xlabel="east on the sky [radii]")
            panel.grid(visible=False)
            drawn.colorbar(image, ax=panel, label="m/s, positive receding", shrink=0.85)
    return drawn


def radar_coordinates():
    """Draw lines of equal delay and Doppler on the radar's disk, and the pair of places of one cell."""
    echo = ephemeris.echo("1974-01-20T20:13:00", "DSS-14")
    view = delay_doppler.Frame(echo.doppler[0], echo.north[0], echo.radar[0], echo.rotation_rate[0])
    wavelength = SPEED_OF_LIGHT / (2388 * MHz)
    side = np.linspace(-900, 900, 400)
    x, y = np.meshgrid(side, side)
    depth = VENUS_RADIUS / km - np.sqrt((VENUS_RADIUS / km) ** 2 - x**2 - y**2)
    delay, shift = 2 * depth * km / SPEED_OF_LIGHT / 1e-6, 2 * view.rate * x * km / wavelength
    with figures.styled():
        drawn = figures.figure(5.4, 4.6)
        axes = drawn.subplots()
        rings = axes.contour(
            x, y, delay, levels=np.arange(50, 400, 50), colors=figures.COLOURS[1], linewidths=0.9
        )
        axes.clabel(rings, fmt="%g µs", fontsize=7)
        bands = axes.contour(
            x, y, shift, levels=np.arange(-2, 2.1, 0.5), colors=figures.COLOURS[0], linewidths=0.9
        )
        axes.clabel(bands, fmt="%g Hz", fontsize=7)
        for hemisphere, name in ((1, "north"), (-1, "south")):
            place = delay_doppler.to_surface(
                220e-6, 1.25, hemisphere, 0.0, view=view, wavelength=wavelength, radius=VENUS_RADIUS
            )
            point = VENUS_RADIUS * sphere.unit_vector(*place) / km
            axes.plot(point @ view.doppler, point @ view.north, "o", color="k", markersize=5)
            label = f"{name}: {float(place.lon) / deg:.1f}°E, {float(place.lat) / deg:+.1f}°"
            axes.text(
                point @ view.doppler - 25,
                point @ view.north + 25,
                label,
                ha="right",
                fontsize=8,
                bbox={"color": "white", "pad": 1},
            )
        axes.set(
            aspect="equal",
            xlabel="x, along the Doppler axis [km]",
            ylabel="y, north of the Doppler equator [km]",
        )
        axes.grid(visible=False)
    return drawn


def disks():
    """Draw the visibility of a uniform and of limb-darkened disks."""
    q = np.linspace(0, 12, 400)
    with figures.styled():
        drawn = figures.figure(6.4, 3.2)
        axes = drawn.subplots()
        for exponent in (0.0, 0.2, 1.0):
            values = disk.limb_darkened_disk_visibility(q, exponent)
            axes.plot(q, values, label=f"brightness ∝ μ^{exponent:g}" if exponent else "uniform")
        axes.axhline(0, color="0.3", linewidth=0.6)
        axes.set(xlabel="q = π θ √(u² + v²)", ylabel="visibility")
        axes.legend()
    return drawn


def radio_temperatures():
    """Draw Table 3 of Mohan et al. 2017, printed and recomputed."""
    found = retrieve.temperatures(
        read.flux_densities(),
        sky_408=PAPER.sky_408,
        sky_408_std=PAPER.sky_408_std,
        sky_function=sky.temperature_scaled_whole,
        sky_model=PAPER.sky_model,
        calibration=PAPER.calibration,
    )
    printed = [float(row["corrected_K"]) for row in read.published("mohan2017_table3")]
    return plot.temperatures(found, np.array(printed))


def main():
    """Write every figure, and refuse one that is too large to commit."""
    FOLDER.mkdir(exist_ok=True)
    for draw in (apparition, wind_and_young, radar_coordinates, disks, radio_temperatures):
        content = figures.png(draw(), dpi=110)
        path = FOLDER / f"{draw.__name__}.png"
        if len(content) > LARGEST:
            raise SystemExit(f"{path.name}: {len(content)} bytes; at most {LARGEST} are committed")
        path.write_bytes(content)
        print(f"{path.name}: {len(content)} bytes")


if __name__ == "__main__":
    main()
