"""What a person's own realm knows of them, read in one look at the beginning of a sign-in."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.identity.account import Account
from core.identity.client import Client
from core.identity.factors import FactorKind
from core.identity.tries import Try, account_key, network_key
from core.shared.work import Work


@dataclass(frozen=True, slots=True)
class Known:
    person: UUID
    account: Account | None
    """None for nobody, and for an account that was closed."""
    device: UUID | None
    """The client's, if the person was seen on it before."""
    kinds: frozenset[FactorKind]
    """Of the person's factors."""
    codes: int
    """Backup codes that are left."""
    newcomer: bool
    """Never signed in yet."""

    def guess(self, client: Client, email: str | None = None) -> Try:
        """What a guess at a secret of theirs counts against; `email` is the one that was offered.

        An address that was never proven might be somebody else's: it is not held against it.
        """
        if email is None:
            account = self.account
            proven = account is not None and account.email_verified_at is not None
            email = account.email if account and proven else str(self.person)
        return Try(network_key(client.ip), account_key(email, self.device))


def know(own: Work, client: Client) -> Known:
    """Of the realm's person. The same questions are asked in a realm that has none."""
    account = own.account.get()
    device = own.devices.get(client.device) if client.device else None
    return Known(
        own.tenant_id,
        account if account and account.closed_at is None else None,
        device.id if device else None,
        frozenset(factor.kind for factor in own.factors.all()),
        own.backup_codes.left(),
        not own.devices.any(),
    )
