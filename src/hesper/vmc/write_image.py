"""Images of the night side as the archive delivers them: label, VICAR2 header, 16-bit pixels; backplanes."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from hesper.products import pds3
from hesper.products.pds3 import Quantity, Verbatim
from hesper.record import Array
from hesper.units import deg, km, ms
from hesper.vmc.data import ARCHIVE_RADIUS, CHANNELS, PHASES
from hesper.vmc.model_orbit import Elements

STEP = 400.0
"""W m-3 sr-1 of one data number: the plains then have the 100 to 150 that the guide states for 30 s."""
SATURATED = 8191
WINDOW = (1, 513)
"""First sample and line of the NIR2 quadrant."""
_CREATED = "2015-06-30T12:00:00.000Z"
_RADIANCE = "W*m**-3*sr**-1"


def level2(
    data: Array,
    *,
    orbit: int,
    sequence: int,
    elements: Elements,
    stamps: tuple[str, str, str, str],
    exposure: float,
    place: tuple[float, float, float],
    footprint: tuple[Array, Array],
    angles: tuple[float, float, float, float, float],
    solar_distance: float,
    local_time: float,
    orientation: Array,
) -> bytes:
    """Return one image as the bytes of a level-2 file, `V<orbit>_<sequence>_N22.IMG`.

    Parameters
    ----------
    data
        (line, sample) int16: −1 outside the field, `SATURATED` where the detector was full.
    elements, stamps, exposure
        Orbit; UTC of middle, start, end and periapsis; exposure [s].
    place
        Longitude, latitude [rad] and distance [m] of the spacecraft.
    footprint
        Longitudes and latitudes [rad] of points of the archive's sphere along the edge of the field.
    angles
        Longitude, latitude, incidence, emission and phase [rad] at the middle pixel.
    solar_distance, local_time
        Of Venus [m]; at the middle pixel as an angle from midnight [rad].
    orientation
        Boresight in the ICRF (3,).
    """
    name, part = f"V{orbit:04d}_{sequence:04d}_N22.IMG", next(p for p in PHASES if p.first <= orbit <= p.last)
    data_set = f"VEX-V-VMC-3-RDR{'-' + part.name if part.name else ''}-V3.0"
    seen = np.where((data == -1) | (data >= SATURATED), 0, data).astype(float)
    invalid = int(np.count_nonzero(data >= SATURATED)) - 1
    mean, deviation = seen.sum() / (seen.size - invalid), seen.std()
    points = tuple(tuple(Verbatim(f"{v / deg:.6g}") for v in axis) for axis in footprint)
    track = {
        "ORBIT_NUMBER": orbit,
        "ASCENDING_NODE_LONGITUDE": round(elements.ascending_node / deg, 2),
        "ORBITAL_ECCENTRICITY": round(elements.eccentricity, 3),
        "ORBITAL_INCLINATION": round(elements.inclination / deg, 2),
        "ORBITAL_SEMIMAJOR_AXIS": round(elements.semi_major_axis / km, 1),
        "PERIAPSIS_ALTITUDE": round(
            (elements.semi_major_axis * (1 - elements.eccentricity)) / km - 6051.8, 2
        ),
        "PERIAPSIS_ARGUMENT_ANGLE": round(elements.periapsis_argument / deg, 2),
        "PERIAPSIS_TIME": Verbatim(stamps[3]),
    }
    times = {
        "IMAGE_TIME": Verbatim(stamps[0]), "START_TIME": Verbatim(stamps[1]), "STOP_TIME": Verbatim(stamps[2])
    }  # fmt: skip
    detector = CHANNELS["N2"].detector
    scaling = {
        "RADIANCE_OFFSET": Quantity(0.0, _RADIANCE), "RADIANCE_SCALING_FACTOR": Quantity(STEP, _RADIANCE)
    }  # fmt: skip
    resolution = (place[2] - 6051.8 * km) * 0.703e-3
    middle = {k: Verbatim(f"{v / deg:.6g}") for k, v in zip(
        ("EASTERN_LONGITUDE_AT_CENTER", "CENTRIC_LATITUDE_AT_CENTER", "INCIDENCE_AT_CENTER",
         "EMISSION_AT_CENTER", "PHASE_AT_CENTER"), angles, strict=True)}  # fmt: skip
    clock = divmod(int(local_time / (2 * np.pi) * 86400), 60)
    vicar: list[tuple[str, Any]] = [
        ("PROPERTY", "VEX_ORBIT"), *_plain(track), *_plain(times),
        ("SPACECRAFT_SOLAR_DISTANCE", Verbatim(f"{solar_distance / km:.6g}")),
        ("SPACECRAFT_POINTING_MODE", "NADIR"), ("PROPERTY", "FILE"), ("FILE_NAME", name),
        ("DATA_SET_ID", data_set), ("PROPERTY", "VEX_INSTRUMENT"), ("INSTRUMENT_ID", "VMC"),
        ("EXPOSURE_DURATION", exposure / ms), ("EXPOSURE_DURATION__UNIT", "ms"), ("MACROPIXEL_SIZE", 1),
        ("LINE_FIRST_PIXEL", WINDOW[1]), ("SAMPLE_FIRST_PIXEL", WINDOW[0]), ("DETECTOR_ID", detector),
        ("PROPERTY", "MAP"), ("TARGET_NAME", "VENUS"), ("TASK", "VMCAL"),
        ("HOT_PIXEL_CORRECTION_FLAG", "Y"), ("DARK_CURRENT_CORRECTION_FLAG", "Y"),
        ("RADIANCE_SCALING_FACTOR", STEP), ("RADIANCE_OFFSET", 0.0), ("FLAT_FIELD_CORRECTION_FLAG", "Y"),
        ("STRAY_LIGHT_CORRECTION_FLAG", "N"), ("MINIMUM", int(seen.min())), ("MAXIMUM", int(seen.max())),
        ("MEAN", Verbatim(f"{mean:.6g}")), ("STANDARD_DEVIATION", Verbatim(f"{deviation:.6g}")),
        ("OVERFLOW_VALUE", SATURATED), ("INVALID_PIXEL_COUNT", invalid),
        ("ADDITIONAL_FLAT_FIELD_CORRECTION", "Y"), ("BLEMISH_CORRECTION_FLAG", "Y"), ("TASK", "FRAMEFOO"),
        ("GCALMODE", "IMAGE"), ("HEIGHT_OF_TOPOGRAPHY", 0.0),
        ("BEST_GROUND_SAMPLING_DISTANCE", Verbatim(f"{resolution / km:.6g}")), *middle.items(),
        ("SOLAR_LONGITUDE", 0.0),
        ("LOCAL_TIME", f"{clock[0] // 60:02d}:{clock[0] % 60:02d}:{clock[1]:02d}"),
        ("SPACECRAFT_ALTITUDE", Verbatim(f"{(place[2] - ARCHIVE_RADIUS) / km:.6g}")),
        ("SPACECRAFT_CENTRIC_LATITUDE", Verbatim(f"{place[1] / deg:.6g}")),
        ("SPACECRAFT_EASTERN_LONGITUDE", Verbatim(f"{place[0] / deg:.6g}")),
        ("FOOTPRINT_POSITIVE_LONGITUDE", "EAST"),
    ]  # fmt: skip
    header = _vicar(data.shape, vicar)
    keywords = {
        "PDS_VERSION_ID": "PDS3", "/* FILE DATA ELEMENTS */": None, "RECORD_TYPE": "FIXED_LENGTH",
        "RECORD_BYTES": 1, "FILE_RECORDS": 1, "LABEL_RECORDS": 1, "/* POINTERS TO DATA OBJECTS */": None,
        "^IMAGE_HEADER": 1, "^IMAGE": 1, "/* PRODUCER IDENTIFICATION */": None,
        "PRODUCT_CREATION_TIME": Verbatim(_CREATED), "PRODUCER_FULL_NAME": "THOMAS ROATSCH",
        "PRODUCER_ID": Verbatim("DLR"),
        "PRODUCER_INSTITUTION_NAME": "DEUTSCHES ZENTRUM FUER LUFT- UND RAUMFAHRT",
        "/* DATA DESCRIPTION AND IDENTIFICATION */": None, "DATA_SET_ID": data_set,
        "DATA_SET_NAME": f"VENUS EXPRESS VENUS VMC 3 {part.name or 'NOMINAL'} V3.0", "DETECTOR_ID": detector,
        "FILE_NAME": name, "INSTRUMENT_HOST_ID": Verbatim("VEX"), "INSTRUMENT_HOST_NAME": "VENUS EXPRESS",
        "INSTRUMENT_ID": Verbatim("VMC"), "INSTRUMENT_NAME": "VENUS MONITORING CAMERA",
        "INSTRUMENT_TYPE": "FRAMING CAMERA", "^INSTRUMENT_DESC": "INSTRUMENT_DESC.TXT",
        "MISSION_ID": Verbatim("VEX"), "MISSION_NAME": "VENUS EXPRESS",
        "MISSION_PHASE_NAME": Verbatim(f"MTP_{orbit // 28:03d}"), "PROCESSING_LEVEL_ID": 3,
        "PRODUCT_ID": name, "PRODUCT_TYPE": Verbatim("RDR"), "RELEASE_ID": Verbatim("0006"),
        "REVISION_ID": Verbatim("0000"), "/* TIME RELATED INFORMATION */": None, **times,
        "/* ORBITAL INFORMATION */": None, **track,
        "MAXIMUM_RESOLUTION": Quantity(float(f"{resolution:.6g}"), "m/pixel"),
        "FOOTPRINT_POINT_LATITUDE": points[1], "FOOTPRINT_POINT_LONGITUDE": points[0],
        "SPACECRAFT_ORIENTATION": tuple(Verbatim(f"{v:.6g}") for v in orientation),
        "SPACECRAFT_POINTING_MODE": Verbatim("NADIR"), "/* TARGET IDENTIFICATION */": None,
        "TARGET_TYPE": Verbatim("PLANET"), "TARGET_NAME": Verbatim("VENUS"),
        "RIGHT_ASCENSION": Verbatim("-1e+32"), "DECLINATION": Verbatim("-1e+32"),
        "SPACECRAFT_SOLAR_DISTANCE": Verbatim(f"{solar_distance / km:.6g}"),
        "/* INSTRUMENT INFORMATION */": None, "EXPOSURE_DURATION": Quantity(exposure / ms, "ms"),
        "INST_CMPRS_NAME": Verbatim("NONE"), "INST_CMPRS_RATIO": 1.0, "INST_CMPRS_QUALITY": 0,
        "MACROPIXEL_SIZE": 1, "LINE_FIRST_PIXEL": WINDOW[1], "SAMPLE_FIRST_PIXEL": WINDOW[0],
        "DETECTOR_TEMPERATURE": Quantity(20.0, "degC"), "/* RADIOMETRIC DATA INFORMATION */": None,
        **scaling, "/* DATA OBJECT DEFINITIONS */": None,
        "IMAGE": {
            "INTERCHANGE_FORMAT": Verbatim("BINARY"), "LINES": data.shape[0], "LINE_SAMPLES": data.shape[1],
            "SAMPLE_TYPE": Verbatim("MSB_INTEGER"), "SAMPLE_BITS": 16, "BANDS": 1,
            "BAND_STORAGE_TYPE": Verbatim("BAND_SEQUENTIAL"), "MAXIMUM": int(seen.max()),
            "MEAN": Verbatim(f"{mean:.6g}"), "MINIMUM": int(seen.min()),
            "STANDARD_DEVIATION": Verbatim(f"{deviation:.6g}"),
        },
        "/* IMAGE HEADER DATA ELEMENTS */": None,
        "IMAGE_HEADER": {
            "HEADER_TYPE": Verbatim("VICAR2"), "INTERCHANGE_FORMAT": Verbatim("ASCII"), "BYTES": len(header),
            "^DESCRIPTION": "VICAR2.TXT",
        },
    }  # fmt: skip
    objects = {"IMAGE_HEADER": header, "IMAGE": data.astype(">i2").tobytes()}
    return pds3.attach(pds3.label_text(keywords), objects, 2 * data.shape[1])


def backplanes(planes: Array) -> bytes:
    """Return incidence, emission, phase, latitude, longitude (5, line, sample) [rad] as a .GEO file.

    Off the planet the archive has numbers beyond 360; here −1000.
    """
    stored = np.where(np.isfinite(planes), planes / deg, -1000.0)
    return pds3.image_bytes(
        stored, {"TARGET_NAME": "VENUS", "NOTE": "INCIDENCE, EMISSION, PHASE, LATITUDE, LONGITUDE (DEGREE)"},
        created=_CREATED[:19], sample_type="IEEE_REAL",
    )  # fmt: skip


def _plain(statements: dict[str, Any]) -> Iterable[tuple[str, Any]]:
    for keyword, value in statements.items():
        yield keyword, str(value.text) if isinstance(value, Verbatim) else value


def _vicar(size: tuple[int, ...], items: Iterable[tuple[str, Any]]) -> bytes:
    """Return a VICAR2 header of six records, as long as the archive's."""
    lines, samples = size
    record = 2 * samples
    system = (
        f"FORMAT='HALF'  TYPE='IMAGE'  BUFSIZ={record}  DIM=3  EOL=0  RECSIZE={record}  ORG='BSQ'  "
        f"NL={lines}  NS={samples}  NB=1  N1={samples}  N2={lines}  N3=1  N4=0  NBB=0  NLB=0  HOST='JAVA'  "
        "INTFMT='HIGH'  REALFMT='RIEEE'  BHOST='VAX-VMS'  BINTFMT='LOW'  BREALFMT='VAX'  BLTYPE=''  "
        "COMPRESS='NONE'  EOCI1=0  EOCI2=0  "
    )
    words = []
    for keyword, value in items:
        plain = value.item() if hasattr(value, "item") else value
        shown = plain.text if isinstance(plain, Verbatim) else repr(plain)
        words.append(f"{keyword}={shown}  ")
    text = system + "".join(words)
    length = max(6 * record, record * -(-(len(text) + 24) // record))
    return f"{f'LBLSIZE={length}':<24}{text}".encode("ascii").ljust(length, b"\0")
