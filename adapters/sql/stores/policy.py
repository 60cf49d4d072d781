"""What a seller asks of its people at the door."""

from __future__ import annotations

from adapters.sql import tables
from adapters.sql.mapper import Mapper
from adapters.sql.rows import Rows
from adapters.sql.stores import versions
from adapters.sql.transaction import Transaction
from core.identity.policy import KeptPolicy, SignInPolicy

_POLICY = Mapper(KeptPolicy, tables.policies)


class Policy:
    """Fulfils core.identity.policy.PolicyStore."""

    def __init__(self, transaction: Transaction) -> None:
        self._rows = Rows(transaction, _POLICY)

    def get(self) -> KeptPolicy:
        return self._rows.one() or KeptPolicy(SignInPolicy(), 0)

    def save(self, kept: KeptPolicy) -> None:
        versions.keep(self._rows, kept, "the sign-in policy")
