"""Compile a kernel with numba, and keep the machine code where that is possible.

No kernel may have its sums reordered (`fastmath`): a kernel that others call is compiled once by itself and
once within each of them, and which of those runs depends on what the process has compiled or loaded before.
Only where arithmetic is what the source says do all of them, and with them a first run and a resumed one,
give the same bits.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numba

_F = TypeVar("_F", bound=Callable[..., Any])


def _cache_is_writable() -> bool:
    """Numba refuses to import a cached kernel when neither the package nor HOME can be written."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return os.access(given, os.W_OK)
    try:
        home = Path.home()
    except RuntimeError:  # no HOME and no entry for the user
        return os.access(Path(__file__).parent, os.W_OK)
    return any(os.access(place, os.W_OK) for place in (Path(__file__).parent, home))


_CACHE = _cache_is_writable()


def compiled(kernel: _F) -> _F:
    """Compile a function of arrays and floats; it releases the GIL."""
    return numba.njit(kernel, cache=_CACHE, nogil=True, error_model="numpy")  # type: ignore[no-any-return]


def compiled_parallel(kernel: _F) -> _F:
    """Compile a function whose `prange` loops run on all cores."""
    return numba.njit(  # type: ignore[no-any-return]
        kernel, cache=_CACHE, nogil=True, error_model="numpy", parallel=True
    )


prange = numba.prange
