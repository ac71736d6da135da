"""When a run's products were created: one moment, which a resumed run keeps."""

import os
import time

from hesper.runs import Run

_NAME = "created.txt"


def created(run: Run) -> str:
    """Return PRODUCT_CREATION_TIME of a run's labels, UTC, as 2007-01-06T01:39:30.

    The environment's SOURCE_DATE_EPOCH where that is set, else when this was first asked for in the run's
    directory, where it is a product of its own: a resumed run writes the bytes of one that was not stopped.
    """
    return run.write(_NAME, lambda: _now().encode()).read_text().strip()


def _now() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(epoch) if epoch.isdigit() else int(time.time())
    return time.strftime("%Y-%m-%dT%H:%M:%S\n", time.gmtime(seconds))
