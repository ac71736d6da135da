"""The look of every figure, and a figure as the bytes of a PNG."""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from matplotlib.figure import Figure

COLOURS = ("#b5532a", "#2f6b8f", "#7a8b3c", "#7b4b94", "#c8922b", "#4d4d4d")
STYLE = {
    "axes.edgecolor": "#444444",
    "axes.grid": True,
    "axes.labelcolor": "#222222",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": "medium",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 9.0,
    "grid.alpha": 0.25,
    "image.cmap": "inferno",
    "legend.frameon": False,
    "legend.fontsize": "small",
    "lines.linewidth": 1.4,
    "savefig.facecolor": "white",
}


def figure(width: float = 7.0, height: float = 4.0) -> "Figure":
    """Return an empty figure [inches] in the package's style; draw on it inside `styled()`."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def styled() -> "AbstractContextManager[None]":
    """Return the context in which the package's style holds: `with styled(): axes = fig.subplots()`."""
    from cycler import cycler
    from matplotlib import rc_context

    return rc_context({**STYLE, "axes.prop_cycle": cycler(color=COLOURS)})


def png(drawn: "Figure", *, dpi: int = 150) -> bytes:
    """Return a figure as PNG bytes, the same bytes for the same figure."""
    stream = BytesIO()
    with styled():
        drawn.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    return stream.getvalue()
