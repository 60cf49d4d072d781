"""Sign-in by SAML 2.0: the Web Browser SSO profile, begun by us, its response by HTTP POST.

The request goes by HTTP Redirect and is not signed: it says nothing that anybody could gain by
changing. Whatever counts is in the response, and that is read in `saml_response.py`, which is
loaded when the first one comes: its library costs a web process half a second and 25 megabytes.
"""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlencode, urlsplit
from xml.sax.saxutils import escape, quoteattr

from adapters.identity.certificates import certificates
from adapters.identity.provider_address import checked
from core.identity.means import Away, LogoutWord, NotProven
from core.identity.sso import Connection, Identity
from ports.clock import Clock

_RANDOM = 20
"""Bytes of a request's id (SAML Core, section 1.3.4: 128 to 160 bits)."""
_REQUEST = (
    '<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
    ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
    ' ID={id} Version="2.0" IssueInstant={at} Destination={there}'
    ' ProtocolBinding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"'
    " AssertionConsumerServiceURL={here}{anew}>"
    "<saml:Issuer>{us}</saml:Issuer>"
    '<samlp:NameIDPolicy AllowCreate="true"/>'
    "</samlp:AuthnRequest>"
)


class Saml:
    """core.identity.means.IdentityProviders for SAML."""

    def __init__(
        self, random: Callable[[int], bytes], clock: Clock, *, allow_loopback: bool = False
    ) -> None:
        self._random = random
        self._clock = clock
        self._allow_loopback = allow_loopback

    def begin(
        self,
        connection: Connection,
        secret: str,  # noqa: ARG002  nothing is signed
        state: str,
        redirect: str,
        *,
        fresh: bool = False,
    ) -> Away:
        """NotProven for settings by which nobody could come back."""
        url, now = connection.settings["sso_url"], self._clock.now()
        there = checked(url, "its sign-in address", allow_loopback=self._allow_loopback)
        for each in certificates(connection.settings["certificate"]):
            if not each.not_valid_before_utc <= now <= each.not_valid_after_utc:
                raise NotProven("a certificate's time is over, or has not come")
        id = f"_{self._random(_RANDOM).hex()}"
        request = _REQUEST.format(
            id=quoteattr(id),
            at=quoteattr(now.strftime("%Y-%m-%dT%H:%M:%SZ")),
            there=quoteattr(there),
            here=quoteattr(redirect),
            us=escape(connection.client_id),
            anew=' ForceAuthn="true"' if fresh else "",
        )
        asked = {"SAMLRequest": _deflated(request), "RelayState": state}
        joined = "&" if urlsplit(there).query else "?"
        kept = {"request_id": id} | ({"fresh": "yes"} if fresh else {})
        return Away(f"{there}{joined}{urlencode(asked)}", kept)

    def finish(
        self,
        connection: Connection,
        secret: str,  # noqa: ARG002  nothing is sealed for us
        answer: Mapping[str, str],
        kept: Mapping[str, str],
        redirect: str,
        now: datetime,
    ) -> Identity:
        from adapters.identity.saml_assertion import Expected, identity
        from adapters.identity.saml_response import signed_assertion

        expected = Expected(
            connection.issuer,
            connection.client_id,
            redirect,
            kept["request_id"],
            now,
            fresh="fresh" in kept,
        )
        trusted = certificates(connection.settings["certificate"])
        assertion = signed_assertion(answer.get("SAMLResponse", ""), trusted, expected)
        return identity(assertion, expected, connection.rules)

    def ended(self, connection: Connection, token: str, now: datetime) -> LogoutWord:  # noqa: ARG002
        raise NotProven("SAML knows no logout token")

    def farewell(self, connection: Connection, back: str) -> str | None:  # noqa: ARG002
        """None: SAML has a single logout that leads a browser everywhere; we offer none."""
        return None


def _deflated(text: str) -> str:
    """SAML Bindings, section 3.4.4.1: raw DEFLATE, then base64."""
    squeeze = zlib.compressobj(wbits=-15)
    return b64encode(squeeze.compress(text.encode()) + squeeze.flush()).decode()
