"""Asked by `read_attitude.from_kernels` in a process of its own: SPICE poses as JSON."""

import json
import sys
from typing import Any


def poses(asked: dict[str, Any]) -> list[tuple[list[float], list[list[float]]]]:
    """Return spacecraft [km] and camera axes in IAU_VENUS at ephemeris times; needs spiceypy."""
    import spiceypy

    spiceypy.furnsh(asked["kernel"])
    made = []
    for time in asked["times"]:
        place, _ = spiceypy.spkpos("-248", time, "IAU_VENUS", "NONE", "VENUS")
        turn = spiceypy.pxform("IAU_VENUS", asked["frame"], time)
        made.append(([float(v) for v in place], [[float(v) for v in row] for row in turn]))
    return made


def main() -> int:
    """Answer one question from the standard input."""
    try:
        import spiceypy
    except ImportError:
        return 3
    try:
        sys.stdout.write(json.dumps(poses(json.loads(sys.stdin.read()))))
    except spiceypy.exceptions.SpiceyError as error:
        sys.stdout.write(f"{error.short.strip()}: {' '.join(error.long.split())}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
