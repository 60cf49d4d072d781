"""What identity providers and their browsers send, which is no JSON; and the keys of our tokens.

Answered in front of the router.
"""

from __future__ import annotations

import asyncio
import contextvars
import json
import logging
import re
from collections.abc import Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import parse_qsl
from uuid import UUID

from starlette.types import Receive, Scope, Send

from core.identity.means import AccessTokens
from core.identity.sso_answers import SsoAnswers
from core.identity.sso_sign_in import SsoSignIn
from core.shared.errors import Invalid, NotFound, Unavailable
from core.shared.work import Works
from entrypoints.http.bodies import Gone, answer, read_body, refuse
from entrypoints.http.observed import OPERATION
from entrypoints.http.problems import Malformed, MethodNotAllowed, TooLarge
from entrypoints.http.saml_metadata import MEDIA_TYPE, metadata

log = logging.getLogger(__name__)

THREADS = 2
KEYS_FOR = 300
"""Seconds for which the keys may be kept; whoever meets one they do not know asks again."""
_ID = "(?P<{}>[0-9a-f]{{8}}(?:-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}})"
_WHERE = f"{_ID.format('tenant')}/{_ID.format('connection')}"
_ADDRESSES = (
    ("tokens.jwks", "GET", re.compile(r"/\.well-known/jwks\.json")),
    ("sso.logged_out", "POST", re.compile(f"/api/v1/auth/oidc/backchannel-logout/{_WHERE}")),
    ("sso.returned", "POST", re.compile(f"/api/v1/auth/saml/acs/{_WHERE}")),
    ("sso.metadata", "GET", re.compile(f"/api/v1/auth/saml/metadata/{_WHERE}")),
)
_REFUSALS = (NotFound, Unavailable, MethodNotAllowed, Malformed, TooLarge)
_MOST = 50
"""Fields of a form."""
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Address:
    operation: str
    method: str
    tenant: UUID = _NOBODY
    connection: UUID = _NOBODY


def address(path: str) -> Address | None:
    """What a path means here; None when it is none of ours."""
    for operation, method, shape in _ADDRESSES:
        if found := shape.fullmatch(path):
            return Address(
                operation, method, **{n: UUID(id) for n, id in found.groupdict().items()}
            )
    return None


@dataclass(frozen=True, slots=True)
class Said:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Form = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AuthDoor:
    tokens: AccessTokens
    sso: SsoSignIn
    answers: SsoAnswers
    works: Works
    base_url: str
    threads: Executor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "auth"))

    async def __call__(self, where: Address, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"][OPERATION] = where.operation
        head = scope["method"] == "HEAD"
        try:
            said = await self._said(where, scope, receive)
        except Gone:
            return
        except _REFUSALS as error:
            await refuse(send, error, head=head)
        else:
            await answer(send, said.status, said.body, said.headers, head=head)

    async def _said(self, where: Address, scope: Scope, receive: Receive) -> Said:
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        if method != where.method:
            raise MethodNotAllowed(where.method)
        form = _form(await read_body(scope, receive)) if method == "POST" else {}
        acts = {
            "tokens.jwks": self._jwks,
            "sso.logged_out": self._logged_out,
            "sso.returned": self._returned,
            "sso.metadata": self._metadata,
        }
        run = contextvars.copy_context().run
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, run, acts[where.operation], where, form)

    def _jwks(self, _: Address, __: Form) -> Said:
        keys = json.dumps(self.tokens.jwks()).encode()
        headers = {"Content-Type": "application/json", "Cache-Control": f"max-age={KEYS_FOR}"}
        return Said(200, keys, headers)

    def _logged_out(self, where: Address, form: Form) -> Said:
        """OpenID Connect Back-Channel Logout 1.0, sections 2.7 and 2.8."""
        try:
            count = self.sso.logged_out(
                where.tenant, where.connection, form.get("logout_token", "")
            )
        except (Invalid, NotFound) as error:
            log.info("a logout token was refused: %s", error)
            said = {
                "error": "invalid_request",
                "error_description": "the logout token does not hold",
            }
            return Said(400, json.dumps(said).encode(), {"Content-Type": "application/json"})
        log.info("a provider has ended %d sessions", count)
        return Said(200)

    def _returned(self, where: Address, form: Form) -> Said:
        """The browser goes on to a page of ours, which has the cookie of its sign-in. The ticket is
        in the fragment: it reaches no server, and no log of one."""
        ticket = self.answers.keep(
            where.tenant, form.get("SAMLResponse", ""), form.get("RelayState", "")
        )
        brings = f"saml={ticket}" if ticket else "error=refused"
        page = f"{self.base_url}/sign-in/callback/{where.connection}#{brings}"
        return Said(303, headers={"Location": page})

    def _metadata(self, where: Address, _: Form) -> Said:
        text = metadata(where.tenant, where.connection, self.base_url, works=self.works)
        return Said(200, text.encode(), {"Content-Type": MEDIA_TYPE})


def _form(body: bytes) -> Form:
    """Each field once; Malformed for what is no form."""
    try:
        text = body.decode("ascii")
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST, errors="strict")
    except ValueError:
        raise Malformed({"body": "is not a form"}) from None
    found = dict(fields)
    if len(found) != len(fields):
        raise Malformed({"body": "names something twice"})
    return found
