"""From a SAML response to the one assertion in it that the provider has signed.

Read is what was signed and nothing else: the assertion that comes out of here was made anew from
the very bytes under the signature. What stands around it, or pretends to be it, is not looked at
again. (XML Signature Best Practices, section 2.5; "On Breaking SAML", Somorovsky et al., 2012.)
"""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Sequence
from dataclasses import replace

from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import DigestAlgorithm, SignatureMethod
from signxml.verifier import SignatureConfiguration, XMLVerifier

from adapters.identity.saml_assertion import ASSERTION, Expected, Node, one, qualified
from core.identity.means import NotProven

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_SUCCESS = "urn:oasis:names:tc:SAML:2.0:status:Success"
_TRANSFORMS = {
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
}
"""SAML Core, section 5.4.4: these, and no others."""
_SIGNED_BY = SignatureConfiguration(
    location=f"./{qualified(ASSERTION, 'Assertion')}/",
    expect_references=1,
    signature_methods=frozenset(
        {
            SignatureMethod.RSA_SHA256,
            SignatureMethod.RSA_SHA384,
            SignatureMethod.RSA_SHA512,
            SignatureMethod.SHA256_RSA_MGF1,
            SignatureMethod.SHA384_RSA_MGF1,
            SignatureMethod.SHA512_RSA_MGF1,
            SignatureMethod.ECDSA_SHA256,
            SignatureMethod.ECDSA_SHA384,
            SignatureMethod.ECDSA_SHA512,
        }
    ),
    digest_algorithms=frozenset(
        {DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512}
    ),
)
"""Never by SHA-1, and never by a secret that both sides know."""
_WORD = re.compile("[A-Za-z]{1,60}")


def signed_assertion(text: str, trusted: Sequence[Certificate], expected: Expected) -> Node:
    """The assertion, made of what one of the trusted certificates has signed; NotProven where there
    is none. A certificate in the message itself counts for nothing."""
    data = _decoded(text)
    response = _parsed(data)
    _check_response(response, expected)
    assertion = _only_assertion(response)
    _check_signature(assertion)
    signed = _verified(data, trusted, expected)
    if signed.tag != assertion.tag or signed.get("ID") != assertion.get("ID"):
        raise NotProven("what is signed is not the assertion")
    return signed


def _decoded(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()), validate=True)
    except (Error, ValueError):
        raise NotProven("the response is not in base64") from None


def _parser() -> etree.XMLParser:
    """No entities, no network, no file of ours, and no tree that is out of all measure."""
    return etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_pis=True
    )


def _parsed(data: bytes) -> Node:
    try:
        root = etree.fromstring(data, _parser())
    except (etree.XMLSyntaxError, ValueError):
        raise NotProven("the response is no XML") from None
    about = root.getroottree().docinfo
    if about.internalDTD is not None or about.externalDTD is not None:
        raise NotProven("the response brings a document type of its own")
    return root


def _check_response(response: Node, expected: Expected) -> None:
    """What is around the assertion proves nothing, but it must not contradict."""
    if response.tag != qualified(PROTOCOL, "Response") or response.get("Version") != "2.0":
        raise NotProven("this is no response of SAML 2.0")
    code = one(response, f"{qualified(PROTOCOL, 'Status')}/{qualified(PROTOCOL, 'StatusCode')}")
    if code.get("Value") != _SUCCESS:
        inner = code.find(qualified(PROTOCOL, "StatusCode"))
        said = (code if inner is None else inner).get("Value", "").rpartition(":")[2]
        raise NotProven(f"the provider says {said if _WORD.fullmatch(said) else 'no'}")
    if response.get("InResponseTo") != expected.request:
        raise NotProven("the response answers another request, or none of ours")
    if response.get("Destination", expected.here) != expected.here:
        raise NotProven("the response was meant for another place")
    issuer = response.find(qualified(ASSERTION, "Issuer"))
    if issuer is not None and (issuer.text or "").strip() != expected.issuer:
        raise NotProven("the response comes from another provider")


def _only_assertion(response: Node) -> Node:
    """Wherever a second one may hide, it is one too many."""
    if next(response.iter(qualified(ASSERTION, "EncryptedAssertion")), None) is not None:
        raise NotProven("the assertion is encrypted: switch that off at the provider")
    everywhere = list(response.iter(qualified(ASSERTION, "Assertion")))
    if len(everywhere) != 1 or everywhere[0].getparent() is not response:
        raise NotProven("the response does not hold one assertion, in its place")
    return everywhere[0]


def _check_signature(assertion: Node) -> None:
    """The assertion's own signature is about the whole assertion, and about nothing else."""
    signatures = assertion.findall(qualified(SIGNATURE, "Signature"))
    if len(signatures) != 1:
        raise NotProven("the assertion is not signed")
    info = one(signatures[0], qualified(SIGNATURE, "SignedInfo"))
    reference = one(info, qualified(SIGNATURE, "Reference"))
    if not assertion.get("ID") or reference.get("URI") != f"#{assertion.get('ID')}":
        raise NotProven("the signature is about something else")
    transforms = reference.iter(qualified(SIGNATURE, "Transform"))
    if {each.get("Algorithm") for each in transforms} != _TRANSFORMS:
        raise NotProven("the signature is about something that was made of the assertion")


def _verified(data: bytes, trusted: Sequence[Certificate], expected: Expected) -> Node:
    why = "nobody is trusted"
    rules = replace(_SIGNED_BY, verification_time=expected.now)
    for certificate in trusted:
        try:
            found = XMLVerifier().verify(
                data,
                x509_cert=certificate,
                expect_config=rules,
                id_attribute="ID",
                parser=_parser(),
            )
        except Exception as error:  # whatever a stranger's XML makes stumble has proven nothing
            why = type(error).__name__
            continue
        assert not isinstance(found, list), "one reference was asked for"
        if found.signed_xml is not None:
            return found.signed_xml
    raise NotProven(f"the signature does not hold: {why}")
