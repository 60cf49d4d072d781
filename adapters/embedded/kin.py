"""The processes of an earlier server of ours, told by their command line.

A pid file proves nothing: after a kill -9 or a reboot it may name any living process. Where a
process runs from (/proc/<pid>/exe) is hidden from root in an ordinary container. The command line
is there for all to read, and it carries the server's own folder.
"""

import signal
import time
from collections.abc import Callable, Sequence

import psutil

Kinship = Callable[[Sequence[str]], bool]


def find(uid: int, is_kin: Kinship) -> list[psutil.Process]:
    """The user's living processes with such a command line; a zombie has none."""
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.uids().real == uid and is_kin(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def end(uid: int, is_kin: Kinship, farewells: Sequence[tuple[signal.Signals, float]]) -> bool:
    """End them, one farewell (a signal and the seconds it is given) after the other."""
    for word, seconds in farewells:
        deadline = time.monotonic() + seconds
        family = find(uid, is_kin)
        for process in family:
            try:
                process.send_signal(word)
            except psutil.Error:
                continue
        while family and time.monotonic() < deadline:
            time.sleep(0.02)
            family = find(uid, is_kin)
        if not family:
            return True
    return False
