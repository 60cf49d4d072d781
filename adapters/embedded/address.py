"""A port of 127.0.0.1 that stays the same from one start to the next."""

import random
import socket

HOST = "127.0.0.1"
# Below the range from which kernels lend ports to clients: a client that keeps knocking at a dead
# server's port in that range can end up connected to itself, and then holds the port.
CHOICE = range(15_000, 30_000)


def is_free(port: int) -> bool:
    """Whether a server could listen there now; connections on their way out do not count."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """A port on which nobody listens, chosen at random so that two houses rarely meet."""
    return next(port for port in random.sample(CHOICE, len(CHOICE)) if is_free(port))
