"""Maps of the sky's brightness → record."""

from pathlib import Path

import numpy as np

from hesper.constants import COSMIC_BACKGROUND
from hesper.errors import InputError
from hesper.radio.data_image import SkyMap
from hesper.units import MHz

_NEEDED = ("maps", "freqs", "comps", "ra", "dec", "sigmas")


def sky(path: Path, *, frequency: float = 408 * MHz) -> SkyMap:
    """Read a principal-component model of the sky (npz) at one of the frequencies that it was made from.

    Arrays: maps (pixel, component), freqs [MHz], comps (frequency, component), sigmas [K] (frequency,), ra
    and dec [rad] of the pixels. T = σ Σ maps × comps. At 408 MHz the model is locked to the survey, whose
    temperatures include the cosmic background.

    Raises
    ------
    InputError
        If the file is none of these or has no such frequency.
    """
    try:
        with np.load(path) as stored:
            content = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a model of the sky ({error}); an npz file is needed") from None
    missing = [name for name in _NEEDED if name not in content]
    if missing:
        raise InputError(f"{path}: no array {', '.join(missing)}; {', '.join(_NEEDED)} are needed")
    known = np.asarray(content["freqs"], float) * MHz
    i = int(np.argmin(np.abs(known - frequency)))
    if abs(known[i] / frequency - 1) > 1e-3:
        listed = ", ".join(f"{f / MHz:g}" for f in known)
        raise InputError(f"{path}: no map at {frequency / MHz:g} MHz; there are {listed} MHz")
    temperature = float(content["sigmas"][i]) * (content["maps"] @ content["comps"][i])
    if not np.all(temperature > COSMIC_BACKGROUND):
        raise InputError(f"{path}: temperatures below that of the cosmic background; the file is damaged")
    return SkyMap(ra=content["ra"], dec=content["dec"], temperature=temperature, frequency=float(known[i]))
