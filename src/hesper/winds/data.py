"""The nouns of the system: frames, spectra, velocities, winds and maps."""

import numpy as np

from hesper.ephemeris import Viewing
from hesper.maps import Grid
from hesper.record import Array, array, number, record, text


@record
class Setup:
    """What the headers of the frames say of telescope, spectrograph and detector."""

    slit_width: float = number("rad", "width of the slit on the sky")
    slit_angle: float = number("rad", "position angle of increasing rows, north through east")
    row_height: float = number("rad", "height of a row on the sky")
    wavelength: float = number("m", "nominal wavelength in air of the first pixel of the middle row")
    dispersion: float = number("m", "nominal width of a pixel")
    resolution: float = number("m", "full width of the line-spread function")
    gain: float = number("1", "electrons per count")
    read_noise: float = number("1", "read noise in electrons")
    saturation: float = number("1", "largest count that is still linear")
    observer_x: float = number("m", "observatory, ITRF x")
    observer_y: float = number("m", "observatory, ITRF y")
    observer_z: float = number("m", "observatory, ITRF z")
    site: str = text("name of the observatory")
    window: int = number("1", "number of the spectral window, from 1", dtype=int)


@record
class Frames:
    """Exposures as the observatory delivers them."""

    counts: Array = array("frame row pixel", "count", "raw counts", dtype=np.float32)
    time: Array = array("frame", "s tdb", "middle of the exposure, TDB since J2000")
    exposure: Array = array("frame", "s", "exposure time")
    offset: Array = array(
        "frame", "rad", "commanded slit position, sunward of the centre; NaN if not scanned"
    )
    dark: Array = array("row pixel", "count", "mean dark frame")
    dark_frames: int = number("1", "dark frames averaged; 0 means a constant level", dtype=int)
    flat: Array = array("row pixel", "1", "relative response of the pixels")
    flat_frames: int = number("1", "flat frames averaged; 0 means none", dtype=int)
    setup: Setup


@record
class Spectra:
    """Exposures in electrons; bad pixels are NaN."""

    electrons: Array = array(
        "frame row pixel", "1", "electrons; NaN where saturated or defective", dtype=np.float32
    )
    usable: Array = array("frame", "1", "whether the frame is used", dtype=bool)
    saturated: Array = array("frame", "1", "pixels lost to saturation", dtype=int)
    exposure: Array = array("frame", "s", "exposure time")
    offset: Array = array("frame", "rad", "commanded slit position; NaN if not scanned")
    viewing: Viewing
    setup: Setup


@record
class Wavelengths:
    """Wavelength of every pixel: first[row] + shift[frame] + dispersion·p, and what our sky told of it."""

    first: Array = array("row", "m", "wavelength in air of the first pixel of each row")
    dispersion: float = number("m", "width of a pixel, from the telluric and solar lines of the sky")
    dispersion_std: float = number("m", "standard deviation of dispersion")
    distortion_linear: float = number("1", "shift of the top row in pixels, linear part")
    distortion_quadratic: float = number("1", "shift of the top row in pixels, quadratic part")
    solar_offset: float = number(
        "m s-1", "velocity of the solar lines against the telluric ones, ephemeris removed"
    )
    solar_offset_std: float = number("m s-1", "standard deviation of solar_offset")
    sky_exponent: float = number("1", "telluric depth of skylight relative to the reference")
    residual: float = number("m", "rms of the sky rows' shifts about the solution")
    expected_residual: float = number("m", "that rms from photon noise alone")
    drift: Array = array("frame", "m s-1", "shift of each frame's skylight lines, as a velocity")
    drift_std: Array = array("frame", "m s-1", "standard deviation of drift")
    sky: Array = array("frame", "1", "continuum of skylight, electrons per pixel")
    sky_slope: Array = array("frame", "1", "relative change of skylight from the first row to the last")


@record
class Positions:
    """Where the slit lay on the disk in each frame."""

    x: Array = array("frame", "rad", "slit sunward of the centre of the disk")
    x_std: Array = array("frame", "rad", "standard deviation of x")
    y: Array = array("frame", "rad", "centre of the disk along the slit, from the first row")
    y_std: Array = array("frame", "rad", "standard deviation of y")
    seeing: Array = array("frame", "rad", "full width of the seeing")
    seeing_std: Array = array("frame", "rad", "standard deviation of seeing")
    covariance: Array = array("frame place other", "rad2", "covariance of x, y and seeing")
    brightness: Array = array("frame", "1", "mean of the lit disk, electrons per row")
    found: Array = array("frame", "1", "whether the planet was found", dtype=bool)
    misfit: Array = array("frame", "1", "χ² per degree of freedom of the profile")
    exponent_response: Array = array("frame", "rad", "change of x per unit of the photometric exponent")
    exponent: float = number("1", "photometric exponent of the run")
    exponent_std: float = number("1", "standard deviation of exponent")
    law_response: Array = array(
        "frame place", "rad", "change of x, y and seeing per unit of the share of another scattering law"
    )
    law_share: float = number("1", "share of another scattering law that the misfit allows, 1σ")


@record
class Velocities:
    """Apparent velocities of points of the disk, the motion of the planet's centre removed."""

    frame: Array = array("point", "1", "index of the frame", dtype=int)
    row: Array = array("point", "1", "detector row")
    x: Array = array("point", "rad", "sunward of the centre of the disk")
    y: Array = array("point", "rad", "along the slit from the centre of the disk")
    lon: Array = array("point", "rad", "longitude, east; NaN off the disk")
    lat: Array = array("point", "rad", "latitude; NaN off the disk")
    velocity: Array = array("point", "m s-1", "velocity, positive receding")
    velocity_std: Array = array("point", "m s-1", "standard deviation of velocity")
    continuum: Array = array("point", "1", "continuum of Venus, electrons per pixel")
    sky_factor: Array = array("point", "1", "skylight relative to what was expected")
    misfit: Array = array("point", "1", "χ² per pixel")
    flag: Array = array("point", "1", "0 good, 1 no fit, 2 misfit, 4 faint, 8 off the disk", dtype=int)
    flattened: int = number("1", "1 if the mean variation along the run was taken out, else 0", dtype=int)
    method: str = text("how the shift was measured")


@record
class Winds:
    """Wind speeds fitted to apparent velocities, with their full covariance."""

    term: Array = array("term", "1", "name of each term", dtype="U40")
    value: Array = array("term", "m s-1", "amplitude of each term; zonal ones are eastward positive")
    value_std: Array = array("term", "m s-1", "standard deviation of value, systematic parts included")
    covariance: Array = array("term other", "m2 s-2", "covariance of value")
    row: Array = array("line", "1", "detector row of each row term")
    row_shift: Array = array("line", "m s-1", "row terms")
    row_shift_std: Array = array("line", "m s-1", "standard deviation of row_shift")
    residual: Array = array("point", "m s-1", "data less fit")
    fitted: Array = array("point", "m s-1", "the fit")
    chi2: float = number("1", "weighted sum of squares")
    dof: int = number("1", "degrees of freedom", dtype=int)
    position_std: float = number("m s-1", "part of the first term's σ that errors of positions cause")
    law_std: float = number("m s-1", "part of it that the doubt on the scattering law causes")


@record
class LevelWinds:
    """Winds of the levels that several spectral windows show, with their full covariance."""

    term: Array = array("term", "1", "name of each term and the lines that show its level", dtype="U60")
    value: Array = array("term", "m s-1", "amplitude of each term; zonal ones are eastward positive")
    value_std: Array = array("term", "m s-1", "standard deviation of value")
    covariance: Array = array("term other", "m2 s-2", "covariance of value")
    windows: Array = array("term", "1", "spectral windows that show the level", dtype=int)
    shear_term: Array = array("shear", "1", "name of each shear; none where one level is seen", dtype="U40")
    shear: Array = array("shear", "m s-1", "upper level (CO2) less lower (cloud tops)")
    shear_std: Array = array("shear", "m s-1", "standard deviation of shear")
    shear_covariance: Array = array("shear other_shear", "m2 s-2", "covariance of shear")
    chi2: float = number("1", "disagreement of windows of one level, weighted sum of squares")
    dof: int = number("1", "its degrees of freedom", dtype=int)


@record
class ZonalWind:
    """Zonal wind in bands of latitude: eastward positive."""

    lat: Array = array("band", "rad", "middle of the band")
    south: Array = array("band", "rad", "southern edge")
    north: Array = array("band", "rad", "northern edge")
    zonal_wind: Array = array("band", "m s-1", "zonal wind, eastward positive")
    zonal_wind_std: Array = array("band", "m s-1", "standard deviation of zonal_wind")
    covariance: Array = array("band other", "m2 s-2", "covariance of zonal_wind")
    n: Array = array("band", "1", "points in the band", dtype=int)


@record
class DiskMap:
    """Velocities in square cells of the disk as the slit saw it."""

    x: Array = array("x", "rad", "sunward of the centre")
    y: Array = array("y", "rad", "along the slit from the centre")
    velocity: Array = array("y x", "m s-1", "mean velocity; NaN where there is none")
    velocity_std: Array = array("y x", "m s-1", "standard deviation of velocity")
    n: Array = array("y x", "1", "measurements in the cell", dtype=int)
    lon: Array = array("y x", "rad", "longitude, east")
    lat: Array = array("y x", "rad", "latitude")


@record
class VelocityMap:
    """Velocities on a grid of longitude and latitude."""

    velocity: Array = array("y x", "m s-1", "mean apparent velocity; NaN where there is none")
    velocity_std: Array = array("y x", "m s-1", "standard deviation of velocity")
    residual: Array = array("y x", "m s-1", "mean of data less fit")
    n: Array = array("y x", "1", "measurements in the cell")
    grid: Grid


@record
class Truth:
    """What a simulation put in."""

    x: Array = array("frame", "rad", "slit sunward of the centre")
    y: Array = array("frame", "rad", "centre of the disk along the slit, from the first row")
    seeing: Array = array("frame", "rad", "full width of the seeing")
    transparency: Array = array("frame", "1", "transparency")
    drift: Array = array("frame", "m s-1", "shift of the wavelength scale, as a velocity")
    zonal_wind: float = number("m s-1", "zonal wind, eastward positive")
    meridional_wind: float = number("m s-1", "poleward wind")
    antisolar_wind: float = number("m s-1", "flow away from the sub-solar point")
    vertical_wind: float = number("m s-1", "upward wind")
    exponent: float = number("1", "photometric exponent")
    dispersion: float = number("m", "width of a pixel")
    zonal: str = text("shape of the zonal wind")
