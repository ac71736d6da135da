"""Make the pictures of the night side: `python docs/make_vmc_figures.py OUT [SEGMENT]` writes docs/figures.

OUT is what `hesper vmc run` made of a simulated archive; its pictures become smaller, with fewer colours.
"""

import sys
from pathlib import Path

from PIL import Image

from hesper.vmc import write_map

FOLDER = Path(__file__).parent / "figures"
LARGEST = 120_000


def main() -> None:
    """Copy the pictures of a run."""
    out, number = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 5
    stem = write_map.segment_name(number, "")[:-5]
    pictures = {
        "seams": "seams", "orbits": "orbits", "mosaic": "mosaic", "emissivity": f"{stem}_emissivity",
        "brightness": f"{stem}_brightness", "truth": f"{stem}_truth",
    }  # fmt: skip
    for name, source in pictures.items():
        picture = Image.open(out / f"{source}.png").convert("RGB")
        target = FOLDER / f"vmc-{name}.png"
        for width in range(1000, 500, -100):
            size = (width, round(picture.height * width / picture.width))
            small = picture.resize(size, Image.Resampling.LANCZOS).quantize(96)
            small.save(target, optimize=True)
            if target.stat().st_size <= LARGEST:
                break
        print(f"{target.name}: {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
