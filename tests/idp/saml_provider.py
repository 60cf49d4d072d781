"""npm's `samlp`, Auth0's SAML identity provider, installed beside the project for the tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.adapters.saml_forger import Signer
from tests.idp.provider import HERE, Server, installed

FOLDER = HERE / "saml"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
MAIL = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress"
_FIELD = re.compile(r'name="(SAMLResponse|RelayState)"\s+value="([^"]*)"')
_ACTION = re.compile(r'action="([^"]+)"')


def installed_saml() -> Path:
    return installed(FOLDER)


class SamlProvider(Server):
    """One provider, and the page by which it sends people back."""

    def __init__(self, folder: Path, now: Any) -> None:
        super().__init__(folder)
        self.sso_url: str = self.told["sso"]
        self.issuer: str = self.told["issuer"]
        self._now = now
        self.rotate()

    def rotate(self) -> str:
        """Sign by a new key from now on; answers its certificate."""
        key = rsa.generate_private_key(65537, 2048)
        self.signer = Signer(key, self._now())
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        self.tell(do="keys", key=pem, cert=self.signer.pem)
        return self.signer.pem

    def account(self, format: str = PERSISTENT, name: str | None = None, **claims: Any) -> str:
        """Somebody new; `mail` is their address."""
        id = uuid4().hex
        mail = claims.pop("mail", f"{id}@seller.example")
        said = {"nameId": name or id, "format": format, "claims": {MAIL: mail, **claims}}
        self.tell(do="account", id=id, said=said)
        return id

    def options(self, **options: Any) -> None:
        """Of samlp.auth, until told otherwise."""
        self.tell(do="options", options=options)

    def sign_in(self, url: str, login: str) -> Mapping[str, str]:
        """Follow a sign-in; answers the form that the browser is about to post, and as `action`
        where to."""
        return self._page(f"{url}&login={login}")

    def unasked(self, login: str, acs: str, audience: str) -> Mapping[str, str]:
        """What comes where the provider begins by itself."""
        query = str(httpx.QueryParams({"login": login, "acs": acs, "audience": audience}))
        return self._page(f"{self.sso_url.removesuffix('/sso')}/unasked?{query}")

    def _page(self, url: str) -> Mapping[str, str]:
        page = httpx.get(url, trust_env=False)
        action = _ACTION.search(page.text)
        assert action, page.text
        form = {name: unescape(value) for name, value in _FIELD.findall(page.text)}
        return {**form, "action": unescape(action[1])}


@contextmanager
def running_saml(folder: Path, now: Any) -> Iterator[SamlProvider]:
    provider = SamlProvider(folder, now)
    try:
        yield provider
    finally:
        provider.close()
