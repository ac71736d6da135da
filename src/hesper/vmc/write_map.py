"""The products of the user guide: corrected images and the five files of each segment, as PDS3."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hesper.constants import VENUS_RADIUS
from hesper.errors import InputError
from hesper.products import pds3
from hesper.products.pds3 import Quantity
from hesper.record import Array
from hesper.units import cm, deg, km
from hesper.vmc import calibrate_gradient, read
from hesper.vmc.data import FIELD_CENTRE, FIELD_HALF
from hesper.vmc.data_map import SegmentMap
from hesper.vmc.data_orbit import FlatField

DATA_SET = "VMC-NIR2-EMI_SGMNT-SCP"
_RADIANCE = "W*m**-3*sr**-1"
SUFFIXES = {
    "vmc": ("brightness", _RADIANCE, "mean brightness of the normalised orbital mosaics"),
    "stddev_vmc": ("brightness_std", _RADIANCE, "standard deviation of the brightness among the mosaics"),
    "stddev_norm_vmc": ("variation", "", "standard deviation over mean of the brightness"),
    "emi": ("emissivity", "", "relative surface emissivity at 1.01 micrometre"),
    "stddev_emi": ("emissivity_scatter", "", "standard deviation of the emissivity among the mosaics"),
}
"""The five files of a segment: field, unit and meaning."""


def segment_name(segment: int, suffix: str) -> str:
    """Return the name of a file as the guide prints it.

    >>> segment_name(5, "emi")
    'segment_5_200_240_emi.img'
    """
    return f"segment_{segment}_{40 * segment:03d}_{40 * (segment + 1):03d}_{suffix}.img"


def segment_file(made: SegmentMap, suffix: str, notes: Mapping[str, Any], created: str) -> bytes:
    """Return one of the five files of a segment.

    Parameters
    ----------
    made
        The segment.
    suffix
        A key of `SUFFIXES`.
    notes
        Further statements of the label.
    created
        PRODUCT_CREATION_TIME.
    """
    field, unit, meaning = SUFFIXES[suffix]
    values = getattr(made, field)
    step = float(made.grid.x[1] - made.grid.x[0]) / VENUS_RADIUS
    lines, samples = values.shape
    west, north = 40.0 * made.segment, 60.0
    used = made.factor_literal if made.normalisation == "literal" else made.factor_model
    keywords = {
        "DATA_SET_ID": DATA_SET,
        "PRODUCT_ID": segment_name(made.segment, suffix),
        "INSTRUMENT_HOST_NAME": "VENUS EXPRESS",
        "INSTRUMENT_ID": "VMC",
        "DETECTOR_ID": "VEX_VMC_NIR-2",
        "TARGET_NAME": "VENUS",
        "CENTER_FILTER_WAVELENGTH": Quantity(1010.0, "nm"),
        "HESPER:SEGMENT": made.segment,
        "HESPER:ORBIT_COUNT": int(np.isfinite(used).sum()),
        "HESPER:REJECTED_ORBIT_COUNT": int((~np.isfinite(used)).sum()),
        "HESPER:NORMALISATION": made.normalisation.upper(),
        "HESPER:REFERENCE_EMISSIVITY": made.reference_emissivity,
        "HESPER:EMISSIVITY_SCALE": round(made.scale, 6),
        "HESPER:CO2_ABSORPTION": Quantity(float(f"{made.absorption * cm:.4g}"), "CM**-1*AMAGAT**-2"),
        "HESPER:AMPLIFICATION": round(made.amplification, 4),
        "HESPER:ALTITUDE_SENSITIVITY": Quantity(round(made.altitude_sensitivity * km, 5), "KM**-1"),
        "HESPER:TEMPERATURE_SENSITIVITY": Quantity(round(made.temperature_sensitivity, 5), "K**-1"),
        **notes,
    }
    return pds3.image_bytes(
        np.ma.masked_invalid(values),
        keywords,
        created=created,
        map_projection=pds3.simple_cylindrical(
            west=west, north=north, pixels_per_degree=round(deg / step, 9), radius=VENUS_RADIUS / km,
            lines=lines, samples=samples,
        ),
        unit=unit,
        description=meaning,
    )  # fmt: skip


def level3(source: Path, flat: FlatField, *, sample_type: str, created: str) -> bytes:
    """Return an image divided by the gradient of its orbit, its label kept but for what changes.

    Parameters
    ----------
    source
        The level-2 file.
    flat
        Gradient, its covariance and status.
    sample_type
        PC_REAL (32 bits) or MSB_INTEGER (16 bits, as the source: 1 DN of 100 is up to 0.5 % of rounding).
    created
        PRODUCT_CREATION_TIME.

    Raises
    ------
    InputError
        If the orbit was not corrected.
    """
    if flat.status != calibrate_gradient.ACCEPTED:
        raise InputError(
            f"{source.name}: level 3 of an orbit that was not corrected ({flat.status}); "
            "only accepted orbits have corrected images"
        )
    called = read.name(source)
    stored = pds3.read_image(source)
    place = (np.arange(stored.data.shape[1]) - FIELD_CENTRE) / FIELD_HALF
    down = (np.arange(stored.data.shape[0]) - FIELD_CENTRE) / FIELD_HALF
    divisor = calibrate_gradient.factor(flat.gradient, place, down[:, None])
    outside = stored.data == read.OUTSIDE
    values: Array = np.ma.masked_array(stored.data / divisor, outside)
    part = read.phase(called.orbit).name
    std = np.sqrt(np.diag(flat.covariance))
    name = level3_name(source)
    changes = {
        "DATA_SET_ID": f"VEX-V-VMC-3-RDR-SCP-{part + '-' if part else ''}V1.0",
        "PRODUCT_ID": name,
        "FILE_NAME": name,
        "HESPER:SOURCE_PRODUCT_ID": source.name,
        "HESPER:FLAT_FIELD_GRADIENT": tuple(round(float(v), 6) for v in flat.gradient),
        "HESPER:FLAT_FIELD_GRADIENT_STD": tuple(round(float(v), 6) for v in std),
        "HESPER:FLAT_FIELD_COVARIANCE": float(f"{flat.covariance[0, 1]:.4g}"),
        "HESPER:FLAT_FIELD_STATUS": flat.status.upper(),
        "HESPER:SEAM_BEFORE": round(flat.seam_before, 6),
        "HESPER:SEAM": round(flat.seam, 6),
    }
    return pds3.reissue_bytes(source, values, changes, created=created, sample_type=sample_type)


def level3_name(source: Path) -> str:
    """Return the name of a corrected image, V<orbit>_<seq>_N22.img."""
    return f"{source.stem.upper()}.img"
