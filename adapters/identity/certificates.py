"""The certificates by which a seller knows its SAML provider: as metadata has them, or as PEM."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import Certificate, load_der_x509_certificate

from core.identity.means import NotProven

MOST = 4
"""A provider that changes its key shows the new one beside the old for a while."""
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.+?)-----END CERTIFICATE-----", re.DOTALL)
_RSA_BITS = 2048
_CURVE_BITS = 256


def certificates(text: str) -> Sequence[Certificate]:
    """Those in a setting: PEM blocks, or one in bare base64. NotProven for what is none, or is too
    weak to be believed."""
    found = _PEM.findall(text) or [text]
    if len(found) > MOST:
        raise NotProven(f"at most {MOST} certificates are kept")
    return [_certificate(body) for body in found]


def _certificate(body: str) -> Certificate:
    try:
        made = load_der_x509_certificate(b64decode("".join(body.split()), validate=True))
        key = made.public_key()
    except (Error, ValueError, UnsupportedAlgorithm):
        raise NotProven("its certificate is none") from None
    strong = (isinstance(key, RSAPublicKey) and key.key_size >= _RSA_BITS) or (
        isinstance(key, EllipticCurvePublicKey) and key.curve.key_size >= _CURVE_BITS
    )
    if not strong:
        raise NotProven("its certificate's key is too weak, or of a kind that we do not use")
    return made
