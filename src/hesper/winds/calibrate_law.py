"""How far the places hang on the law by which clouds scatter, and how far the light lets that be wrong.

A wrong law moves the slit along the disk and leaves little of itself in the profiles: most of it looks like
another place, another seeing, another exponent. No limit on χ² alone therefore bounds the winds' error. What
does is the ratio of the two: light by the law assumed is mixed with a share ε of the other law that is in use
for Venus, and both are followed through the fit, the places' change and the misfit. The misfit grows as
1 + D² ε², the places move by ε·Δ. A misfit m that was found thus allows a share ε = √((m − 1)/D²), and the
wind the error that places displaced by ε·Δ in all frames at once give it; that goes into its covariance.

ε = 1 is a disk that departs from the one law as far as the other does. Beyond, no law explains the light:
something else (slit angle, plate scale, radius) is not as the headers say, and the run is refused.
"""

from typing import NamedTuple

import numpy as np

from hesper.errors import InputError
from hesper.record import Array
from hesper.winds import calibrate_search, model_pictures

_SHARE = 0.1
"""Share of the other law that is followed through the fit: small, that the answer is linear."""


class LawError(NamedTuple):
    """What the other law would change."""

    response: Array
    """Change of x, y and seeing (frame, 3) [rad] per unit of the share."""
    share: float
    """That the misfit allows: the share's σ."""


def law_error(
    task: calibrate_search.Search, places: calibrate_search.Places, other: model_pictures.Pictures
) -> LawError:
    """Return how the places would answer to a share of another scattering law, and the share allowed.

    Parameters
    ----------
    task, places
        What was searched, and what was found.
    other
        Pictures of the disk by the other law, of one exponent.

    Raises
    ------
    InputError
        If the light departs from the model further than the laws differ.
    """
    out, use = places.out, places.found
    x, y, seeing, brightness, pedestal = (np.where(use, out[:, i], np.nan)[:, None] for i in range(5))
    height = task.height[None, :] - y
    one, two = (
        model_pictures.look(table, x, height, seeing, exponent)[..., 0]
        for table, exponent in ((task.table, places.exponent), (other, float(other.exponent[0])))
    )
    mixed = brightness * ((1 - _SHARE) * one + _SHARE * two) + pedestal
    mixed[~use] = np.nan
    # The places that were taken tell which of two is meant.
    again = calibrate_search.search(task._replace(offset=x[:, 0]), mixed, places.exponent)
    response = np.nan_to_num((again.out[:, :3] - out[:, :3]) / _SHARE)
    departure = float(np.median(again.misfit[again.found])) / _SHARE**2
    found = float(np.median(places.misfit[use]))
    share = float(np.sqrt(max(found - 1, 0.0) / departure))
    if share > 1:
        raise InputError(
            f"positions: the light along the slit departs {share:.1f} times as far from the model "
            "of the disk as one scattering law from another; check SLITPA, CDELT2, the radius, and the "
            "scattering law"
        )
    return LawError(response, share)
