"""Cosine and sine of phases, in loops that run in vectors."""

import math

from hesper.compiled import compiled

_WHOLE = 1.5 * 2.0**52
"""What is added and taken off again to round to a whole number."""


@compiled
def turn(phase: float) -> tuple[float, float]:
    """Return cosine and sine to 1e-10 by Taylor's series of a quarter of the angle, twice doubled.

    A loop over it runs in vectors, which one that calls a library's functions does not.
    """
    # Division is slow, and a constant's reciprocal is a factor only where it is written so.
    t = 0.25 * (phase - 2.0 * math.pi * ((phase * (0.5 / math.pi) + _WHOLE) - _WHOLE))
    s = t * t
    sine = t * (1.0 + s * (-1 / 6 + s * (1 / 120 + s * (-1 / 5040 + s * (1 / 362880 - s * (1 / 39916800))))))
    cosine = 1.0 + s * (
        -1 / 2 + s * (1 / 24 + s * (-1 / 720 + s * (1 / 40320 - s * (1 / 3628800 - s * (1 / 479001600)))))
    )
    cosine, sine = 1.0 - 2.0 * sine * sine, 2.0 * sine * cosine
    return 1.0 - 2.0 * sine * sine, 2.0 * sine * cosine
