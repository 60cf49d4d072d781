"""The HTTP of Tortoise Express: paths, headers, and what a code means. No domain words.

Tortoise answers 200 to everything and says in the body whether it is well:
`{"ok": false, "code": "E01", "text": "…"}`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from ports.errors import AuthRejected, ContractBroken, RateLimited, Rejected, Transient, VendorError
from ports.http import Request, Response, Transport
from ports.manifest import Account
from ports.wild import Wild

from invekto_plugin_tortoise.settings import HOST, Settings

BASE = f"https://{HOST}/v2"
NAP = 20.0
"""Seconds that Tortoise rests after too many questions; it does not say so itself."""


@dataclass(frozen=True, slots=True)
class TortoiseClient:
    transport: Transport
    settings: Settings

    def account(self) -> Account:
        """Whose key it is."""
        said = self.get("whoami")
        return Account(said["shell_number"].text(), said["company"].text())

    def get(self, path: str, **query: str) -> Wild:
        """The `data` of the answer."""
        headers = {
            "x-shell-number": self.settings.shell_number,
            "x-api-key": self.settings.api_key.reveal(),
        }
        url = f"{BASE}/{path}?{urlencode(query)}"
        response = self.transport.send(Request("GET", url, headers))
        if response.status >= 500:
            raise Transient(f"Tortoise answered {response.status}")
        said = _said(response)
        if not said["ok"].boolean():
            raise _problem(said)
        return said["data"]


def _said(response: Response) -> Wild:
    if not response.ok:
        raise ContractBroken(f"Tortoise never answers {response.status}, but did")
    return response.json()


def _problem(said: Wild) -> VendorError:
    code = said["code"].text()
    text = f"Tortoise: {said['text'].text_or('no reason given')}"
    match code:
        case "E01" | "E02":
            return AuthRejected(text, field="api_key", vendor_code=code)
        case "E17":
            return RateLimited(text, retry_after=NAP, vendor_code=code)
        case "E20":
            return Rejected(text, field="number", vendor_code=code)
        case "E90":
            return Transient(text, vendor_code=code)
    return ContractBroken(f"{text} ({code} is new to us)", vendor_code=code)
