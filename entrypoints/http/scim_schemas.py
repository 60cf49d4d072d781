"""What we keep of users and groups, in SCIM's words (RFC 7643): one table for what is published at
`/Schemas` and for what is read from requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from entrypoints.http.wire import Json

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
_META = "urn:ietf:params:scim:schemas:core:2.0:"
MOST_FOUND = 200
"""Resources of one answer."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """RFC 7643, section 7."""

    name: str
    help: str
    type: str = "string"
    multi: bool = False
    required: bool = False
    case_exact: bool = False
    read_only: bool = False
    unique: bool = False
    canonical: tuple[str, ...] = ()
    refers: tuple[str, ...] = ()
    sub: tuple[Attribute, ...] = ()

    def of(self, name: str) -> Attribute | None:
        return _named(name, self.sub)

    def shown(self) -> Json:
        said: Json = {
            "name": self.name,
            "type": self.type,
            "multiValued": self.multi,
            "description": self.help,
            "required": self.required,
            "caseExact": self.case_exact,
            "mutability": "readOnly" if self.read_only else "readWrite",
            "returned": "always" if self.name == "id" else "default",
            "uniqueness": "server" if self.unique else "none",
        }
        if self.canonical:
            said["canonicalValues"] = [*self.canonical]
        if self.refers:
            said["referenceTypes"] = [*self.refers]
        if self.sub:
            said["subAttributes"] = [each.shown() for each in self.sub]
        return said


@dataclass(frozen=True, slots=True)
class Schema:
    id: str
    name: str
    help: str
    endpoint: str
    attributes: tuple[Attribute, ...]
    ignored: frozenset[str] = frozenset()
    """Of the RFC's own attributes, in lower case, those that directories send and nobody here
    needs: they are taken and forgotten."""

    def of(self, name: str) -> Attribute | None:
        """By its name in any case, the common ones included."""
        return _named(name, (*self.attributes, *COMMON))

    def shown(self, base: str) -> Json:
        return {
            "schemas": [f"{_META}Schema"],
            "id": self.id,
            "name": self.name,
            "description": self.help,
            "attributes": [each.shown() for each in self.attributes],
            "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{self.id}"},
        }

    def type_shown(self, base: str) -> Json:
        return {
            "schemas": [f"{_META}ResourceType"],
            "id": self.name,
            "name": self.name,
            "description": self.help,
            "endpoint": self.endpoint,
            "schema": self.id,
            "meta": {
                "resourceType": "ResourceType",
                "location": f"{base}/ResourceTypes/{self.name}",
            },
        }


def _named(name: str, among: Sequence[Attribute]) -> Attribute | None:
    return next((each for each in among if each.name.lower() == name.lower()), None)


def _reference(kind: str) -> tuple[Attribute, ...]:
    return (
        Attribute("value", "Its id.", case_exact=True),
        Attribute("$ref", "Its address.", "reference", case_exact=True, refers=(kind,)),
    )


COMMON = (
    Attribute("id", "Ours.", case_exact=True, read_only=True, unique=True),
    Attribute("externalId", "The directory's own.", case_exact=True, unique=True),
    Attribute("schemas", "Which schemas it follows.", multi=True, case_exact=True, read_only=True),
    Attribute(
        "meta",
        "About the resource itself.",
        "complex",
        read_only=True,
        sub=(
            Attribute("resourceType", "Its type.", case_exact=True, read_only=True),
            Attribute("created", "When it was made.", "dateTime", read_only=True),
            Attribute("lastModified", "When it was last changed.", "dateTime", read_only=True),
            Attribute("location", "Its address.", "reference", case_exact=True, read_only=True),
            Attribute("version", "Its ETag.", case_exact=True, read_only=True),
        ),
    ),
)
USERS = Schema(
    USER,
    "User",
    "A member of the seller.",
    "/Users",
    (
        Attribute("userName", "The directory's name for them.", required=True, unique=True),
        Attribute(
            "name",
            "The parts of their name.",
            "complex",
            sub=(
                Attribute("givenName", "Given names."),
                Attribute("familyName", "Family name."),
            ),
        ),
        Attribute("displayName", "The name that colleagues see.", required=True),
        Attribute(
            "emails",
            "One is kept, the primary one: by it they are known to single sign-on.",
            "complex",
            multi=True,
            required=True,
            sub=(
                Attribute("value", "The address.", required=True, unique=True),
                Attribute("type", "What kind of address it is.", canonical=("work",)),
                Attribute("primary", "Whether it is the one that is kept.", "boolean"),
            ),
        ),
        Attribute("active", "Off: they are out at once.", "boolean", required=True),
        Attribute(
            "groups",
            "Where they belong; changed at the groups.",
            "complex",
            multi=True,
            read_only=True,
            sub=(
                Attribute("value", "The group's id.", case_exact=True, read_only=True),
                Attribute(
                    "$ref",
                    "Its address.",
                    "reference",
                    case_exact=True,
                    read_only=True,
                    refers=("Group",),
                ),
                Attribute("display", "Its name.", read_only=True),
            ),
        ),
    ),
    frozenset(
        {
            *("nickname", "profileurl", "title", "usertype", "preferredlanguage", "locale"),
            *("timezone", "password", "phonenumbers", "ims", "photos", "addresses"),
            *("entitlements", "roles", "x509certificates"),
        }
    ),
)
GROUPS = Schema(
    GROUP,
    "Group",
    "A team of the seller; where single sign-on maps its name to a role, it gives that role.",
    "/Groups",
    (
        Attribute("displayName", "Its name.", required=True, unique=True),
        Attribute(
            "members",
            "Who is in it: users alone.",
            "complex",
            multi=True,
            sub=(*_reference("User"), Attribute("type", "Always User.", canonical=("User",))),
        ),
    ),
)
SCHEMAS: Mapping[str, Schema] = {each.name: each for each in (USERS, GROUPS)}
FOREIGN = "urn:"
"""Begins the names of extensions; we keep none."""


def service(base: str) -> Json:
    """RFC 7643, section 5."""
    off: dict[str, Any] = {"supported": False}
    return {
        "schemas": [f"{_META}ServiceProviderConfig"],
        "patch": {"supported": True},
        "bulk": {**off, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": True, "maxResults": MOST_FOUND},
        "changePassword": off,
        "sort": off,
        "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken",
                "name": "API key",
                "description": "A key with the scope directory.write, as Authorization: Bearer …",
                "primary": True,
            }
        ],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": f"{base}/ServiceProviderConfig",
        },
    }
