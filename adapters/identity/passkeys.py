"""Passkeys (WebAuthn level 3), by py_webauthn."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from core.identity.factors import Credential
from core.identity.means import Asserted, NotProven

TIMEOUT_MS = 300_000
"""As long as the ticket of a challenge opens."""
LONGEST_ID = 1023
"""Bytes of a credential id (section 7.1, step 25)."""

_NOBODYS = str(UUID(int=0))
"""The AAGUID of an authenticator that does not tell its make."""
_BROKEN = (
    WebAuthnException,
    InvalidSignature,
    UnsupportedAlgorithm,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    OverflowError,
    RecursionError,
    struct.error,
)
"""What the library lets through where a stranger's bytes are not what they should be."""


class WebAuthnPasskeys:
    """Implements core.identity.means.Passkeys for the one origin that `base_url` names.

    The relying party is the host of it: a passkey made there works nowhere else, and is lost when
    the host's name changes. Attestation is not asked for: who made the authenticator is no secret
    that anybody here decides by.
    """

    def __init__(self, base_url: str, name: str = "Invekto") -> None:
        self.origin, self.rp_id = _place(base_url)
        self._name = name

    def creation(
        self, person: UUID, email: str, name: str, known: Sequence[Credential], challenge: bytes
    ) -> Mapping[str, Any]:
        options = generate_registration_options(
            rp_id=self.rp_id,
            rp_name=self._name,
            user_id=person.bytes,
            user_name=email,
            user_display_name=name or email,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=_described(known),
        )
        return options_to_json_dict(options)

    def created(self, credential: Mapping[str, Any], challenge: bytes) -> Credential:
        try:
            parsed = parse_registration_credential_json(dict(credential))
            found = verify_registration_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
            _check_frame(parsed.response.client_data_json)
        except _BROKEN as error:
            raise _not_proven(error) from None
        if len(found.credential_id) > LONGEST_ID:
            raise NotProven("the credential's id is too long")
        return Credential(
            credential_id=found.credential_id,
            public_key=found.credential_public_key,
            sign_count=found.sign_count,
            transports=tuple(each.value for each in parsed.response.transports or ()),
            backed_up=found.credential_backed_up,
            aaguid=None if found.aaguid == _NOBODYS else found.aaguid,
        )

    def request(self, known: Sequence[Credential], challenge: bytes) -> Mapping[str, Any]:
        options = generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            timeout=TIMEOUT_MS,
            allow_credentials=_described(known),
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json_dict(options)

    def named(self, credential: Mapping[str, Any]) -> tuple[bytes, UUID | None]:
        """Unproven: only good for finding the credential that asserted() then checks."""
        try:
            parsed = parse_authentication_credential_json(dict(credential))
        except _BROKEN as error:
            raise _not_proven(error) from None
        handle = parsed.response.user_handle
        return parsed.raw_id, UUID(bytes=handle) if handle and len(handle) == 16 else None

    def asserted(
        self, credential: Mapping[str, Any], challenge: bytes, known: Credential
    ) -> Asserted:
        """A count that stays at zero is one that synced passkeys do not keep; that is no copy."""
        try:
            parsed = parse_authentication_credential_json(dict(credential))
            if not hmac.compare_digest(parsed.raw_id, known.credential_id):
                raise NotProven("this is another passkey")
            found = verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=known.public_key,
                credential_current_sign_count=known.sign_count,
                require_user_verification=True,
            )
            _check_frame(parsed.response.client_data_json)
        except _BROKEN as error:
            raise _not_proven(error) from None
        return Asserted(found.new_sign_count, found.credential_backed_up)


def _place(base_url: str) -> tuple[str, str]:
    """Origin and relying party of an address, as browsers write them (RFC 6454, section 6)."""
    parts = urlsplit(base_url)
    host = (parts.hostname or "").encode("idna").decode("ascii")
    if parts.scheme not in {"http", "https"} or not host:
        raise ValueError(f"{base_url!r} is no address of a web page")
    usual = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in {None, usual} else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}", host


def _described(known: Sequence[Credential]) -> list[PublicKeyCredentialDescriptor]:
    words = {each.value for each in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id,
            transports=[AuthenticatorTransport(word) for word in one.transports if word in words],
        )
        for one in known
    ]


def _check_frame(client_data: bytes) -> None:
    """Our page inside another one's frame does not count as our page (section 7.2, step 14)."""
    if parse_client_data_json(client_data).cross_origin:
        raise NotProven("it was signed inside another site's frame")


def _not_proven(error: Exception) -> NotProven:
    return NotProven(f"the passkey does not hold: {type(error).__name__}: {error}"[:300])
