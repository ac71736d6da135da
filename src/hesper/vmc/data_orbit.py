"""What the night side's chain holds of one orbit: images, cells, gradient, mosaic."""

import numpy as np

from hesper.record import Array, array, number, record, text


@record
class Frames:
    """The night-side images of one orbit, placed and pointed."""

    radiance: Array = array("image line sample", "W m-2 sr-1 m-1", "NaN where not valid", dtype=np.float32)
    position: Array = array("image xyz", "m", "spacecraft in the body frame")
    axes: Array = array("image camera xyz", "1", "camera axes in the body frame")
    sun: Array = array("image xyz", "m", "apparent place of the Sun in the body frame")
    focal: Array = array("image", "pixel", "focal length")
    sample: Array = array("image", "pixel", "sample of the principal point")
    line: Array = array("image", "pixel", "line of the principal point")
    time: Array = array("image", "s tdb", "middle of the exposure")
    smear: Array = array("image", "m", "how far the ground moved during the exposure")
    name: Array = array("image", "1", "name of the file without extension", dtype=str)
    orbit: int = number("1", "orbit number", dtype=int)
    channel: str = text("channel")
    left_out: str = text("images left out, each with the reason; by ' | '")


@record
class Cells:
    """Images of one orbit as the cells of a map of the whole planet, one after the other."""

    value: Array = array("point", "W m-2 sr-1 m-1", "mean radiance toward the zenith of the pixels")
    x: Array = array("point", "1", "mean place in the field along samples, −1…1")
    y: Array = array("point", "1", "mean place in the field along lines, −1…1")
    n: Array = array("point", "count", "pixels")
    cell: Array = array("point", "1", "row × columns + column of the cell", dtype=int)
    start: Array = array("bound", "1", "first point of each image, and the number of points", dtype=int)
    area: Array = array("point", "m2", "area of the cell")
    weight: Array = array("point", "1", "weight in a mosaic: pixels over the squared resolution")
    name: Array = array("image", "1", "name of the image", dtype=str)
    time: Array = array("image", "s tdb", "middle of the exposure")
    smear: Array = array("image", "m", "how far the ground moved during the exposure")
    resolution: float = number("rad", "size of a cell")
    orbit: int = number("1", "orbit number", dtype=int)
    channel: str = text("channel")
    left_out: str = text("images left out, each with the reason; by ' | '")


@record
class FlatField:
    """The gradient F = 1 + a x + b y of one orbit, and whether it can be used."""

    gradient: Array = array("axis", "1", "a along samples, b along lines, per 220 pixels")
    covariance: Array = array("axis axis_", "1", "covariance of a and b")
    condition: float = number("1", "largest over smallest eigenvalue of the normal matrix")
    pairs: int = number("1", "overlaps that counted", dtype=int)
    cells: int = number("count", "cells in them", dtype=int)
    overlap: float = number("1", "area seen at least twice over the area of the mosaic")
    linked: float = number("1", "part of the images' area linked by overlaps")
    seam_before: float = number("1", "median over pairs of |median ln(I/I′)|, uncorrected")
    seam: float = number("1", "the same, corrected")
    seam_most: float = number("1", "its 95th percentile, corrected")
    status: str = text("accepted, or a reason code of refusal")


@record
class OrbitMosaic:
    """The mosaic of one orbit on the cells it sees, with its flat field."""

    brightness: Array = array(
        "cell", "W m-2 sr-1 m-1", "weighted mean of the corrected images", dtype=np.float32
    )
    brightness_std: Array = array(
        "cell", "W m-2 sr-1 m-1", "scatter of the images; NaN where there is one", dtype=np.float32
    )
    cell: Array = array("cell", "1", "row × columns + column", dtype=np.int32)
    n: Array = array("cell", "count", "images", dtype=np.int32)
    pixels: Array = array("cell", "count", "pixels", dtype=np.int32)
    time: Array = array("cell", "s", "mean time of its images after the orbit's first", dtype=np.float32)
    time_std: Array = array("cell", "s", "deviation of their times, 0 where there is one", dtype=np.float32)
    resolution: float = number("rad", "size of a cell")
    smear: float = number("m", "mean length over which the images are smeared, about northward")
    orbit: int = number("1", "orbit number", dtype=int)
    images: str = text("names of the images, by ', '")
    left_out: str = text("images left out, each with the reason; by ' | '")
    channel: str = text("channel")
    error_before: float = number("1", "deviation of ln(mosaic/truth), uncorrected; NaN without a truth")
    error: float = number("1", "the same, corrected")
    error_floor: float = number("1", "the same with the true gradient: clouds, noise and drift alone")
    error_gains: float = number("1", "the same with one gain per image and no gradient")
    seam_gains: float = number("1", "median seam with one gain per image")
    flat: FlatField
