"""What a seller asks of its people at the door."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address, ip_network
from typing import Protocol
from uuid import UUID

from core.identity.client import Client
from core.shared.errors import Invalid

PASSWORD_LENGTHS = range(8, 129)
IDLE_MINUTES = range(5, 7 * 24 * 60 + 1)
ABSOLUTE_MINUTES = range(15, 30 * 24 * 60 + 1)
REMEMBER_DAYS = range(91)


class SecondFactor(StrEnum):
    OFF = "off"
    OPTIONAL = "optional"
    """Who has one is asked for it."""
    REQUIRED = "required"
    ROLES = "roles"
    """Required of the named roles, optional for others."""


@dataclass(frozen=True, slots=True)
class Fence:
    """Where requests may come from. Empty lists let everybody pass."""

    networks: tuple[str, ...] = ()
    """CIDR, IPv4 or IPv6."""
    countries: tuple[str, ...] = ()
    """ISO 3166 alpha-2, upper case. An address of no known country is outside."""

    def admits(self, client: Client) -> bool:
        """Both lists must let it pass; an address that cannot be told passes neither."""
        return self._network(client.ip) and self._country(client.country)

    def _network(self, ip: str | None) -> bool:
        if not self.networks:
            return True
        if ip is None:
            return False
        address = ip_address(ip)
        mapped = getattr(address, "ipv4_mapped", None)
        return any((mapped or address) in ip_network(n) for n in self.networks)

    def _country(self, country: str | None) -> bool:
        return not self.countries or country in self.countries


ANYWHERE = Fence()


@dataclass(frozen=True, slots=True)
class SignInPolicy:
    local: bool = True
    """Passwords and passkeys of ours open the door; off: SSO alone, and the break-glass owner."""
    break_glass: UUID | None = None
    """The owner who may always sign in locally."""
    password_length: int = 12
    second_factor: SecondFactor = SecondFactor.OPTIONAL
    second_factor_roles: tuple[str, ...] = ()
    second_factor_after_sso: bool = False
    """Whether a second factor of ours is asked for after SSO as well."""
    sms_channel: UUID | None = None
    """The connection that sends codes to phones; None: no codes by SMS."""
    idle_minutes: int = 60
    absolute_minutes: int = 12 * 60
    remember_days: int = 0
    """How long "remember me" may last; 0: not offered."""
    people: Fence = Fence()
    keys: Fence = Fence()
    """For API keys."""

    def wants_second_factor(self, roles: Collection[str]) -> bool:
        """Whether somebody with these roles must have one."""
        if self.second_factor is SecondFactor.ROLES:
            return not set(roles).isdisjoint(self.second_factor_roles)
        return self.second_factor is SecondFactor.REQUIRED

    def opens_locally(self, person: UUID) -> bool:
        return self.local or person == self.break_glass


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    policy: SignInPolicy
    version: int
    """0 while nobody has set one."""


class PolicyStore(Protocol):
    """Of the seller's realm."""

    def get(self) -> KeptPolicy:
        """The policy, or the default one with version 0."""

    def save(self, kept: KeptPolicy) -> None:
        """Conflict when it was changed meanwhile (its version is not one less)."""


def check(policy: SignInPolicy, roles: Collection[str]) -> None:
    """Invalid with every field that cannot be; `roles` are those that the seller has."""
    problems = {}
    for field, span in (
        ("password_length", PASSWORD_LENGTHS),
        ("idle_minutes", IDLE_MINUTES),
        ("absolute_minutes", ABSOLUTE_MINUTES),
        ("remember_days", REMEMBER_DAYS),
    ):
        if getattr(policy, field) not in span:
            problems[field] = f"must be between {span.start} and {span.stop - 1}"
    if set(policy.second_factor_roles) - set(roles):
        problems["second_factor_roles"] = "holds a role that does not exist"
    if policy.second_factor is SecondFactor.ROLES and not policy.second_factor_roles:
        problems["second_factor_roles"] = "names at least one role"
    if not policy.local and policy.break_glass is None:
        problems["break_glass"] = "names the owner who can still come in when SSO cannot"
    problems |= fence_problems("people", policy.people) | fence_problems("keys", policy.keys)
    if problems:
        raise Invalid(problems)


def fence_problems(name: str, fence: Fence) -> dict[str, str]:
    """What cannot be in a fence, by the field of its name."""
    problems = {}
    for network in fence.networks:
        try:
            ip_network(network)
        except ValueError:
            problems[f"{name}.networks"] = "holds what is no network in CIDR notation"
    if any(len(c) != 2 or not c.isascii() or not c.isupper() for c in fence.countries):
        problems[f"{name}.countries"] = "holds what is no ISO 3166 alpha-2 code"
    return problems
