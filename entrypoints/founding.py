"""The operator's own tenant and first key: what must exist before anybody can be let in."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from core.shared.actor import SCOPES, Actor
from core.shared.errors import Conflict
from core.shared.ids import OPERATOR
from core.tenancy.api_keys import PREFIX, IssueKey, issue
from core.tenancy.tenant import TenantDetails, create
from entrypoints.bootstrap import House, new_token


def operator_key(house: House, name: str) -> str:
    """Issue a key of the operator, founding the operator's tenant at the first call."""
    now = house.clock.now()
    actor = Actor(OPERATOR, "operator", "command line", frozenset(SCOPES))
    with suppress(Conflict):  # it was founded before
        create(OPERATOR, TenantDetails("Operator"), actor, works=house.works, now=now)
    key = PREFIX + new_token()
    issue(house.new_id(), key, IssueKey(name, tuple(SCOPES)), actor, works=house.works, now=now)
    return key


def keep_operator_key(house: House, file: Path) -> None:
    """Issue a key and keep it in a new file that only its owner reads."""
    key = operator_key(house, "kept on this machine")
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        out.write(key + "\n")
