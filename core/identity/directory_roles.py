"""What a seller's directory may give its people: the roles that its single sign-on gives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Self

from core.identity.sso import Rules
from core.policies.roles import BUILT_IN, OWNER, permissions_of
from core.shared.work import Work
from core.tenancy.members import Role


@dataclass(frozen=True, slots=True)
class Giving:
    """Set by somebody who holds these roles themselves and had just proven it: whoever connected
    the identity provider. Never the owner's."""

    roles: tuple[str, ...]
    """Of those to whom no group gives any."""
    by_group: Mapping[str, str]
    """From the groups' names to roles."""
    own: Mapping[str, Role]

    @classmethod
    def of(cls, work: Work) -> Self:
        """By the seller's connections that are on, the oldest first; without one everybody is an
        agent."""
        own = work.roles.all()
        there = (BUILT_IN.keys() | own.keys()) - {OWNER}
        rules = [each.rules for each in work.sso.all() if each.enabled] or [Rules()]
        mapped: dict[str, str] = {}
        for each in reversed(rules):
            mapped |= {word: role for word, role in each.role_map.items() if role in there}
        return cls(tuple(role for role in rules[0].roles if role in there), mapped, own)

    def covers(self, roles: Collection[str]) -> bool:
        """Whether the directory could have given all that these permit."""
        given = {*self.roles, *self.by_group.values()}
        return permissions_of(roles, self.own) <= permissions_of(given, self.own)

    def kept(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """What somebody whom the directory lets in again has of their former roles."""
        return tuple(role for role in roles if role != OWNER and self.covers([role])) or self.roles

    def added(self, roles: tuple[str, ...], role: str) -> tuple[str, ...]:
        """The roles of somebody who came into a group that gives `role`: a group's role stands
        instead of the usual ones, and beside those that somebody gave by hand."""
        if role in roles:
            return roles
        groups = set(self.by_group.values())
        if groups.isdisjoint(roles):
            roles = tuple(each for each in roles if each not in self.roles)
        return (*roles, role)

    def taken(self, roles: tuple[str, ...], role: str) -> tuple[str, ...]:
        """The roles of somebody whom no group gives `role` any more."""
        return tuple(each for each in roles if each != role) or self.roles
