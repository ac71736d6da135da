"""How fast images of the night side become maps, beside what others do with the same image.

Run: python benchmarks/vmc.py ARCHIVE [REPEATS], ARCHIVE being a folder made by `hesper vmc simulate`.
Peers that are not installed are left out.
"""

import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hesper import config, maps
from hesper.geometry.camera import Pinhole, sphere_from_pixels
from hesper.units import deg
from hesper.vmc import calibrate_gradient, grid_mosaic, model_surface, pipeline, read, read_orbit
from hesper.vmc.data import CHANNELS


def timed(name, work, per=1):
    work()
    best, used = np.inf, np.inf
    for _ in range(3):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        best = min(best, time.perf_counter() - start)
        used = min(used, time.process_time() - cpu)
    print(
        f"{name:52} {1e3 * best / per:9.2f} ms wall  {1e3 * used / per:9.2f} ms CPU  {per / used:8.1f} /s CPU"
    )


def main():
    archive = Path(sys.argv[1])
    settings = config.load(pipeline.Config, {"archive": str(archive)})
    groups = {}
    for path in read.files(archive / "DATA"):
        groups.setdefault(read.name(path).orbit, []).append(path)
    paths = max(groups.values(), key=len)
    source = read_orbit.Source("label", "", "DE421", "IAU", CHANNELS)
    light = model_surface.table(settings.atmosphere, 1.01e-6)
    frames = read_orbit.frames(paths, source, settings.masking)

    def binned():
        return grid_mosaic.cells(
            frames, light, resolution=0.25 * deg, masking=settings.masking, atmosphere=settings.atmosphere
        )

    def read_and_binned():
        made = read_orbit.frames(paths, source, settings.masking)
        return grid_mosaic.cells(
            made, light, resolution=0.25 * deg, masking=settings.masking, atmosphere=settings.atmosphere
        )

    cells = binned()
    count = frames.time.size
    print(f"orbit of {count} images; 0.25° cells")
    timed("table of radiative transfer", lambda: model_surface.table(settings.atmosphere, 1.01e-6))
    timed(
        "read, place and point, per image", lambda: read_orbit.frames(paths, source, settings.masking), count
    )
    timed("forward binning with masks and limb law, per image", binned, count)
    timed("both, per image", read_and_binned, count)
    timed(
        "gradient with covariance, per orbit", lambda: calibrate_gradient.flat_field(cells, settings.gradient)
    )
    peers(frames)


def peers(frames):
    line, sample = np.indices(frames.radiance.shape[1:])
    camera = Pinhole(float(frames.focal[0]), float(frames.sample[0]), float(frames.line[0]))
    sight = sphere_from_pixels(
        sample, line, camera=camera, position=frames.position[0], axes=frames.axes[0], radius=6051.8e3
    )
    lon, lat = np.degrees(sight.lon), np.degrees(sight.lat)
    world = maps.equirectangular(0.25 * deg, west=0, east=2 * np.pi, south=-50 * deg, north=60 * deg)
    image = maps.Image(frames.radiance[0], camera, frames.position[0], frames.axes[0], 6051.8e3, 60 * deg)
    timed("maps.bin_image, no masks", lambda: maps.bin_image(world, image))
    timed("maps.resample_image, bilinear", lambda: maps.resample_image(world, image))
    try:
        from pyresample import ewa, geometry
    except ImportError:
        print("pyresample: not installed")
    else:
        venus = "+proj=longlat +R=6051800 +no_defs"
        swath = geometry.SwathDefinition(lons=(lon + 180) % 360 - 180, lats=lat, crs=venus)
        area = geometry.AreaDefinition(
            "v", "v", "v", {"proj": "eqc", "R": 6051800}, 1440, 440,
            tuple(6051800 * np.radians([-180, -50, 180, 60])),
        )  # fmt: skip

        def weighted():
            _, columns, rows = ewa.ll2cr(swath, area)
            ewa.fornav(columns, rows, area, np.nan_to_num(frames.radiance[0]), rows_per_scan=512)

        timed("pyresample EWA (backplanes given)", weighted)
    geolocated(frames, world, lon, lat)
    planetmapped(frames, lon, lat)


def geolocated(frames, world, lon, lat):
    """Warp the image by rasterio's geolocation arrays."""
    import rasterio
    from rasterio.warp import Resampling, reproject

    plain = rasterio.crs.CRS.from_string("OGC:CRS84")
    target = np.full((world.y.size, world.x.size), np.nan, np.float32)
    values = np.nan_to_num(frames.radiance[0])
    places = np.stack([np.nan_to_num(lon, nan=-999.0), np.nan_to_num(lat, nan=-999.0)])
    transform = rasterio.transform.from_bounds(0, -50, 360, 60, target.shape[1], target.shape[0])

    def warped():
        reproject(
            values, target, src_crs=plain, dst_crs=plain, src_geoloc_array=places,
            dst_transform=transform, resampling=Resampling.bilinear,
        )  # fmt: skip

    try:
        timed("rasterio warp by geolocation arrays", warped)
    except (TypeError, rasterio.errors.RasterioError) as error:
        print(f"rasterio warp by geolocation arrays: {error}")


_TEXT = """KPL/FK
\\begindata
BODY299_POLE_RA = (272.76 0 0)
BODY299_POLE_DEC = (67.16 0 0)
BODY299_PM = (160.20 -1.4813688 0)
BODY299_RADII = (6051.8 6051.8 6051.8)
BODY10_RADII = (696000 696000 696000)
DELTET/DELTA_T_A = 32.184
DELTET/K = 1.657D-3
DELTET/EB = 1.671D-2
DELTET/M = (6.239996D0 1.99096871D-7)
DELTET/DELTA_AT = (33, @2006-JAN-1, 34, @2009-JAN-1, 35, @2012-JUL-1)
\\begintext
"""


def planetmapped(frames, lon, lat):
    """Map the image by planetmapper: a disk of the right size and place, on the cells that the image sees."""
    try:
        import planetmapper
        import spiceypy
    except ImportError:
        print("planetmapper: not installed")
        return
    from hesper import ephemeris
    from hesper.geometry.camera import limb_radius

    place, time_ = frames.position[0], float(frames.time[0])
    camera = Pinhole(float(frames.focal[0]), float(frames.sample[0]), float(frames.line[0]))
    with tempfile.TemporaryDirectory() as folder:
        text, orbit = Path(folder) / "text.tf", Path(folder) / "orbit.bsp"
        text.write_text(_TEXT)
        planetmapper.base.prevent_kernel_loading()
        spiceypy.furnsh([str(text), str(ephemeris.kernel_path("DE421"))])
        times = time_ + np.arange(-3000.0, 3001.0, 600.0)
        turned = [spiceypy.pxform("IAU_VENUS", "J2000", t) @ place / 1e3 for t in times]
        handle = spiceypy.spkopn(str(orbit), "orbit", 0)
        states = [np.r_[where, np.zeros(3)] for where in turned]
        spiceypy.spkw09(handle, -248, 299, "J2000", times[0], times[-1], "o", 7, len(times), states, times)
        spiceypy.spkcls(handle)
        spiceypy.furnsh(str(orbit))
        utc = spiceypy.et2utc(time_, "ISOC", 3)
        centre = frames.axes[0] @ -place
        disk = camera.focal * centre[:2] / centre[2] + [camera.sample, camera.line]
        size = limb_radius(float(np.linalg.norm(place)), 6051.8e3, camera)
        # Longitudes of the image, as one range, whichever way round.
        middle = np.degrees(np.angle(np.nanmean(np.exp(1j * np.radians(lon)))))
        off = (lon - middle + 180) % 360 - 180
        wide = (middle + np.nanmin(off)) % 360, (middle + np.nanmax(off)) % 360
        high = np.nanmin(lat), np.nanmax(lat)
        cells = (wide[1] - wide[0]) % 360 * (high[1] - high[0]) / 0.25**2
        limits = {"xlim": (min(wide), max(wide)), "ylim": high} if wide[0] < wide[1] else {"ylim": high}

        def mapped():
            body = planetmapper.BodyXY("VENUS", utc, "-248", sz=512)
            body.set_disc_params(disk[0], disk[1], size, 0.0)
            body.map_img(np.nan_to_num(frames.radiance[0]), degree_interval=0.25, **limits)

        start, used = time.perf_counter(), time.process_time()
        mapped()
        wall, cpu = time.perf_counter() - start, time.process_time() - used
        what = f"planetmapper map_img, {cells:.0f} cells, once"
        print(f"{what:52} {1e3 * wall:9.0f} ms wall  {1e3 * cpu:9.0f} ms CPU")


if __name__ == "__main__":
    main()
