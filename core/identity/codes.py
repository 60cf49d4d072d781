"""Codes that are typed: of an app, of the phone, of the paper with the backup codes."""

from __future__ import annotations

import hashlib
from base64 import b32encode, b64decode
from hmac import compare_digest

from core.audit.events import AuditEvent
from core.identity.factors import BACKUP_CODES, FactorKind
from core.identity.means import Means
from core.identity.tickets import Ticket
from core.identity.write_letter import tell
from core.shared.actor import Actor
from core.shared.work import Work

WRONG_CODES = 5
"""So many with one ticket; the last uses it up."""


def fits(
    method: str, code: str, ticket: Ticket | None, own: Work, means: Means, actor: Actor
) -> bool:
    """Whether it is right, and used up by that, in the open work of the person's realm.

    A code of the phone is the one that the ticket holds. Nothing else must be done in the work
    when it is wrong.
    """
    match method:
        case "totp":
            return _totp(code, own, means)
        case "backup_code":
            return _backup(code, own, means, actor)
        case "sms":
            sent = sent_code(ticket, own, means) if ticket else None
            return sent is not None and compare_digest(sent.encode(), code.encode())
    return False


def sent_code(ticket: Ticket, own: Work, means: Means) -> str | None:
    """The code for the phone that the ticket holds; None where it holds none."""
    sealed = ticket.data.get("code")
    if sealed is None:
        return None
    code: str = means.vault.open(own.tenant_id, ticket.id, b64decode(sealed))["code"]
    return code


def fresh_codes(own: Work, means: Means) -> tuple[str, ...]:
    """Ten new ones of 120 random bits each; those of before are dead.

    Only hashes are kept: with that many bits a plain one will do (OWASP ASVS 5.0, 6.5.2).
    """
    codes = tuple(_spell(means.random(15)) for _ in range(BACKUP_CODES))
    own.backup_codes.replace([digest(code) for code in codes], means.clock.now())
    return codes


def digest(code: str) -> bytes:
    """However it is typed: dashes, blanks and case are for people."""
    plain = "".join(c for c in code if c.isalnum()).upper()
    return hashlib.sha256(plain.encode()).digest()


def _totp(code: str, own: Work, means: Means) -> bool:
    """True for one caller: of every time step one code is taken, and no earlier one after it."""
    now = means.clock.now()
    for factor in own.factors.all():
        if factor.kind is FactorKind.TOTP:
            secret = means.vault.open(own.tenant_id, factor.id, factor.sealed)["secret"]
            step = means.totp.step(secret, code, now)
            if step is not None and own.factors.used_step(factor.id, step, now):
                return True
    return False


def _backup(code: str, own: Work, means: Means, actor: Actor) -> bool:
    now = means.clock.now()
    if not own.backup_codes.use(digest(code), now):
        return False
    left = own.backup_codes.left()
    whose = str(own.tenant_id)
    own.audit.add(AuditEvent("backup_code.used", actor, "person", whose, now, after={"left": left}))
    tell("backup_code_used", own, means, left=str(left))
    return True


def _spell(random: bytes) -> str:
    text = b32encode(random).decode().lower()
    return "-".join(text[i : i + 4] for i in range(0, len(text), 4))
