"""A SAML provider of ours that lies on request: whole responses, signed by a key of its own."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
ISSUER = "https://idp.seller.example/metadata"
US = "https://panel.example/saml"
HERE = "https://panel.example/api/v1/auth/saml/acs/t/c"
REQUEST = "_asked"
P = "urn:oasis:names:tc:SAML:2.0:protocol"
A = "urn:oasis:names:tc:SAML:2.0:assertion"
_ASSERTION = """<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}"
 Version="{version}" IssueInstant="{at}"><saml:Issuer>{issuer}</saml:Issuer>
<saml:Subject><saml:NameID Format="{format}">{name}</saml:NameID>
<saml:SubjectConfirmation Method="{method}"><saml:SubjectConfirmationData
 InResponseTo="{request}" Recipient="{recipient}" NotOnOrAfter="{until}"/>
</saml:SubjectConfirmation></saml:Subject>
<saml:Conditions NotBefore="{since}" NotOnOrAfter="{until}"><saml:AudienceRestriction>
<saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction></saml:Conditions>
<saml:AuthnStatement AuthnInstant="{at}" SessionIndex="s-1"><saml:AuthnContext>
<saml:AuthnContextClassRef>{context}</saml:AuthnContextClassRef></saml:AuthnContext>
</saml:AuthnStatement>{attributes}</saml:Assertion>"""
_RESPONSE = """<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"
 xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="_response" Version="2.0"
 IssueInstant="2026-11-24T09:30:00Z" Destination="{destination}" InResponseTo="{answers}">
<saml:Issuer>{from_}</saml:Issuer>
<samlp:Status><samlp:StatusCode Value="{status}"/></samlp:Status></samlp:Response>"""
USUAL: dict[str, str] = {
    "id": "_said",
    "version": "2.0",
    "at": "2026-11-24T09:30:00.123Z",
    "issuer": ISSUER,
    "format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    "name": "u-1",
    "method": "urn:oasis:names:tc:SAML:2.0:cm:bearer",
    "request": REQUEST,
    "recipient": HERE,
    "since": "2026-11-24T09:29:00Z",
    "until": "2026-11-24T09:35:00Z",
    "audience": US,
    "context": "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport",
    "attributes": "",
    "destination": HERE,
    "answers": REQUEST,
    "from_": ISSUER,
    "status": "urn:oasis:names:tc:SAML:2.0:status:Success",
}
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Signer:
    """A key and its certificate."""

    def __init__(self, key: Key, since: datetime = NOW - timedelta(days=1), days: int = 30) -> None:
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "idp.seller.example")])
        self.key = key
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(since)
            .not_valid_after(since + timedelta(days=days))
            .sign(key, hashes.SHA256())
        )

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(Encoding.PEM).decode()

    @property
    def bare(self) -> str:
        """As metadata has it."""
        return b64encode(self.certificate.public_bytes(Encoding.DER)).decode()

    def sign(self, assertion: Any, **how: Any) -> Any:
        """The assertion, signed in the way that SAML asks for unless told otherwise."""
        by = SignatureMethod.RSA_SHA256
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            by = SignatureMethod.ECDSA_SHA256
        given = {
            "signature_algorithm": by,
            "digest_algorithm": DigestAlgorithm.SHA256,
            "c14n_algorithm": CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
            **how,
        }
        signer = _Signing(**given)
        return signer.sign(
            assertion, key=self.key, cert=[self.certificate], reference_uri=assertion.get("ID")
        )


class _Signing(XMLSigner):
    """Signs also what is not safe any more: that is a test's business."""

    def check_deprecated_methods(self) -> None:
        pass


@cache
def signer(name: str) -> Signer:
    """One of some keys, made once: they take a while."""
    return Signer(rsa.generate_private_key(65537, 1024 if name == "weak" else 2048))


def assertion(**says: str) -> Any:
    return etree.fromstring(_ASSERTION.format(**{**USUAL, **says}))


def response(*parts: Any, **says: str) -> Any:
    """A response around these parts."""
    whole = etree.fromstring(_RESPONSE.format(**{**USUAL, **says}))
    for part in parts:
        whole.append(part)
    return whole


def said(whole: Any) -> str:
    """As it travels."""
    return b64encode(etree.tostring(whole)).decode()


def signed(by: str = "ours", how: Mapping[str, Any] = {}, **says: str) -> str:
    """A whole response whose assertion is signed."""
    return said(response(signer(by).sign(assertion(**says), **how), **says))


def assertion_id(text: str) -> str:
    """Of a response as it travels."""
    [part] = etree.fromstring(b64decode(text)).iter(f"{{{A}}}Assertion")
    return str(part.get("ID"))


def attributes(values: Mapping[str, str | list[str]]) -> str:
    """An attribute statement."""
    told = []
    for name, value in values.items():
        each = value if isinstance(value, list) else [value]
        inner = "".join(f"<saml:AttributeValue>{v}</saml:AttributeValue>" for v in each)
        told.append(f'<saml:Attribute Name="{name}">{inner}</saml:Attribute>')
    return f"<saml:AttributeStatement>{''.join(told)}</saml:AttributeStatement>"
