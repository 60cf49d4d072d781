"""Our side of a SAML connection, as providers read it (SAML 2.0 Metadata, section 2.4.4)."""

from __future__ import annotations

from uuid import UUID
from xml.sax.saxutils import quoteattr

from core.identity.sso import SsoKind
from core.identity.sso_connections import address
from core.shared.errors import NotFound
from core.shared.work import Works

MEDIA_TYPE = "application/samlmetadata+xml"
_METADATA = """<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={entity}>
  <md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"
      AuthnRequestsSigned="false" WantAssertionsSigned="true">
    <md:NameIDFormat>urn:oasis:names:tc:SAML:2.0:nameid-format:persistent</md:NameIDFormat>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
        Location={consumer} index="0" isDefault="true"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"""


def metadata(tenant: UUID, connection: UUID, base_url: str, *, works: Works) -> str:
    """NotFound where there is no such connection by SAML."""
    with works(tenant) as work:
        found = work.sso.get(connection)
    if found is None or found.kind is not SsoKind.SAML:
        raise NotFound("there is no such connection")
    consumer = address(base_url, tenant, found)
    return _METADATA.format(entity=quoteattr(found.client_id), consumer=quoteattr(consumer))
