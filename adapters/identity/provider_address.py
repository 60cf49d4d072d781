"""Where a provider may send a browser, or us."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from adapters.http.address import is_loopback
from core.identity.means import NotProven

_PLAIN = re.compile("[!-~]+")


def checked(url: str, what: str, *, allow_loopback: bool) -> str:
    """The address if a browser or we may go there: https, or this machine where allowed.

    Else NotProven, which calls it `what`.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise NotProven(f"{what} is none") from None
    here = is_loopback(host)
    right = parts.scheme == "https" or (here and parts.scheme == "http")
    if not (host and right) or (here and not allow_loopback):
        raise NotProven(f"{what} is not on the internet, by https")
    if parts.username is not None or parts.fragment or not _PLAIN.fullmatch(url):
        raise NotProven(f"{what} holds what does not belong there")
    return url
