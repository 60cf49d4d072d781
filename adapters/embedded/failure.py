"""What goes wrong with a server of our own."""


class ServerFailed(RuntimeError):
    """An embedded server cannot run; the text says why, what to do, and how its log ends."""
