"""The brightness of the sky behind and in front of Venus: Galaxy and cosmic background."""

import numpy as np

from hesper.constants import COSMIC_BACKGROUND
from hesper.record import Array
from hesper.units import MHz

REFERENCE_FREQUENCY = 408 * MHz
"""Hz; the survey of Haslam et al. 1982."""
SPECTRAL_INDEX = -2.6
"""Temperature spectral index of the Galactic background (Reich & Reich 1988)."""
INDEX_STD = 0.15
"""Its scatter over the sky (Mohan et al. 2017, section 3.3)."""
ZERO_LEVEL_STD = 4.0
"""K; zero level and absolute calibration of the survey (Mohan et al. 2017, section 3.3)."""


def temperature(
    frequency: Array | float, temperature_408: Array | float, *, index: float = SPECTRAL_INDEX
) -> Array:
    """Return the sky temperature [K], the cosmic background kept apart from the Galaxy.

    T = (T408 − 2.725 K) (ν/408 MHz)^β + 2.725 K, T408 being the whole sky temperature at 408 MHz [K].
    """
    ratio = np.asarray(frequency) / REFERENCE_FREQUENCY
    return np.asarray((np.asarray(temperature_408) - COSMIC_BACKGROUND) * ratio**index + COSMIC_BACKGROUND)


def temperature_std(
    frequency: Array | float,
    temperature_408: Array | float,
    *,
    zero_level_std: float = ZERO_LEVEL_STD,
    index: float = SPECTRAL_INDEX,
    index_std: float = INDEX_STD,
) -> Array:
    """Return the standard deviation [K] of `temperature`: zero level and scatter of the index."""
    galaxy = np.asarray(temperature_408) - COSMIC_BACKGROUND
    return temperature_scaled_whole_std(
        frequency, galaxy, zero_level_std=zero_level_std, index=index, index_std=index_std
    )


def temperature_scaled_whole(
    frequency: Array | float, temperature_408: Array | float, *, index: float = SPECTRAL_INDEX
) -> Array:
    """Return the sky temperature [K] with the cosmic background scaled along, as Mohan et al. 2017 do."""
    return np.asarray(np.asarray(temperature_408) * (np.asarray(frequency) / REFERENCE_FREQUENCY) ** index)


def temperature_scaled_whole_std(
    frequency: Array | float,
    temperature_408: Array | float,
    *,
    zero_level_std: float = ZERO_LEVEL_STD,
    index: float = SPECTRAL_INDEX,
    index_std: float = INDEX_STD,
) -> Array:
    """Return the standard deviation [K] of `temperature_scaled_whole`.

    σ² = (σ₀ r^β)² + (σ_β ln r · T)², r = ν/408 MHz: zero level of Haslam and scatter of the index
    (Mohan et al. 2017, section 3.3).
    """
    ratio = np.asarray(frequency) / REFERENCE_FREQUENCY
    value = np.asarray(temperature_408) * ratio**index
    return np.asarray(np.hypot(zero_level_std * ratio**index, index_std * np.log(ratio) * value))
