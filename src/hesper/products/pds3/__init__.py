"""PDS3 images: labels, reading and writing."""

from hesper.products.pds3.label import Label, Quantity, Verbatim, label_text, parse_label, replace
from hesper.products.pds3.reading import (
    LABEL_CHECKSUM,
    MISSING_INTEGER,
    MISSING_REAL,
    Image,
    read_image,
    read_label,
    read_vicar_header,
    scaled,
)
from hesper.products.pds3.writing import (
    attach,
    image_bytes,
    reissue_bytes,
    simple_cylindrical,
    write_camera_image,
    write_image,
)

__all__ = [
    "LABEL_CHECKSUM",
    "MISSING_INTEGER",
    "MISSING_REAL",
    "Image",
    "Label",
    "Quantity",
    "Verbatim",
    "attach",
    "image_bytes",
    "label_text",
    "parse_label",
    "read_image",
    "read_label",
    "read_vicar_header",
    "reissue_bytes",
    "replace",
    "scaled",
    "simple_cylindrical",
    "write_camera_image",
    "write_image",
]
