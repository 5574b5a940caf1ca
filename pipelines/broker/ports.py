"""Ports and processes of this machine: which are free, which answer, which live."""

import os
import socket


def free() -> int:
    """A loopback port that nobody listens on now; whoever binds it must be ready to lose the race."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def listening(address: str, timeout_s: float = 1.0) -> bool:
    """Whether something accepts connections at `host:port`; without a port, Kafka's 9092."""
    host, _, port = (address if ":" in address else f"{address}:9092").rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout_s):
            return True
    except (OSError, ValueError):
        return False


def alive(pid: int) -> bool:
    """Whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
