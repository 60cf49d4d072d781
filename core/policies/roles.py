"""Roles: named sets of permissions. Five are built in; a seller may add its own."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from core.shared.actor import SCOPES
from core.tenancy.members import Role

OWNER = "owner"
PERMISSIONS = tuple(s for s in SCOPES if s not in ("operator", "directory.write"))
"""What a role may be made of. Provisioning is for programs, and the house for its operator."""

BUILT_IN: Mapping[str, Role] = {
    role.name: role
    for role in (
        Role(OWNER, "Owner", PERMISSIONS),
        Role(
            "supervisor",
            "Supervisor",
            (
                "inbox.read",
                "inbox.write",
                "inbox.all",
                "agents.read",
                "agents.write",
                "journal.read",
                "journal.write",
                "integrations.read",
                "tenant.read",
                "members.read",
                "security.read",
            ),
        ),
        Role("agent", "Agent", ("inbox.read", "inbox.write", "inbox.all", "agents.read")),
        Role(
            "developer",
            "Developer",
            (
                "integrations.read",
                "integrations.write",
                "journal.read",
                "journal.write",
                "agents.read",
                "tenant.read",
                "keys.read",
                "keys.write",
            ),
        ),
        Role("auditor", "Auditor", ("security.read", "members.read", "tenant.read")),
    )
}


def permissions_of(names: Collection[str], own: Mapping[str, Role]) -> frozenset[str]:
    """What these roles permit together; a role that is gone permits nothing."""
    roles = (BUILT_IN.get(name) or own.get(name) for name in names)
    return frozenset(p for role in roles if role for p in role.permissions)
