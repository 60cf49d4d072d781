"""SOAP 1.1 as the query service speaks it: one question in, one text out.

`GetQueryJSON` takes two texts that are XML themselves, so every value is escaped twice: once for
the inner document and once for the envelope that carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from ports.errors import ContractBroken, Rejected, Transient, VendorError

OPERATION = "GetQueryJSON"
NAMESPACE = "http://tempuri.org/"
ACTION = f"{NAMESPACE}IArasCargoIntegrationService/{OPERATION}"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"

_OUR_FAULT = frozenset({"Client", "ActionNotSupported", "DeserializationFailed", "BadContextToken"})
"""Local names of fault codes that blame the request; all others blame the service."""


def question(login: Mapping[str, str], query: Mapping[str, str]) -> bytes:
    """The request body."""
    inner = (
        f"<loginInfo>{escape(document('LoginInfo', login))}</loginInfo>"
        f"<queryInfo>{escape(document('QueryInfo', query))}</queryInfo>"
    )
    return (
        f'<?xml version="1.0" encoding="utf-8"?><soap:Envelope xmlns:soap="{SOAP}"><soap:Body>'
        f'<{OPERATION} xmlns="{NAMESPACE}">{inner}</{OPERATION}>'
        "</soap:Body></soap:Envelope>"
    ).encode()


def document(name: str, members: Mapping[str, str]) -> str:
    """A flat XML document of text members."""
    inside = "".join(f"<{key}>{escape(value)}</{key}>" for key, value in members.items())
    return f"<{name}>{inside}</{name}>"


def result(body: bytes) -> str:
    """The text inside the answer; empty when the service answered with nil.

    A SOAP fault raises what it means for us (`fault`); anything that is not a SOAP answer is
    ContractBroken.
    """
    try:
        root = fromstring(body)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        raise ContractBroken(f"the answer is not XML: {error}") from None
    soap_body = root.find(f"{{{SOAP}}}Body") if root.tag == f"{{{SOAP}}}Envelope" else None
    if soap_body is None:
        raise ContractBroken(f"the answer is not a SOAP envelope but <{root.tag}>")
    if (broken := soap_body.find(f"{{{SOAP}}}Fault")) is not None:
        raise fault(broken)
    found = soap_body.find(f"{{{NAMESPACE}}}{OPERATION}Response/{{{NAMESPACE}}}{OPERATION}Result")
    if found is None:
        raise ContractBroken(f"the answer holds no {OPERATION}Result")
    return (found.text or "").strip()


def fault(element: Element) -> VendorError:
    """Rejected when Aras blames our request, else Transient: its own trouble may pass."""
    code = (element.findtext("faultcode") or "").strip()
    words = (element.findtext("faultstring") or "").strip() or "no reason given"
    local = code.rpartition(":")[2]
    kind = Rejected if local.partition(".")[0] in _OUR_FAULT else Transient
    return kind(f"Aras answered with a SOAP fault: {words}", vendor_code=code or None)
