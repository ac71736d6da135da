"""What every test stands on: no network, and real data only where HESPER_DATA says."""

import os
import socket
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    """Refuse every connection that leaves this machine."""
    connect = socket.socket.connect

    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        # A datagram socket's connect sends nothing: Dask asks it for this machine's own address.
        if (
            self.type == socket.SOCK_STREAM
            and isinstance(address, tuple)
            and host not in ("127.0.0.1", "localhost", "::1", "")
        ):
            raise AssertionError(f"a test wanted to connect to {address}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Return the folder of real data; skip where there is none."""
    folder = os.environ.get("HESPER_DATA", "")
    if not folder or not Path(folder).is_dir():
        pytest.skip("real data absent: set HESPER_DATA to the folder that holds them")
    return Path(folder)
