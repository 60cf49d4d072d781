"""Letters are written down in the work that owes them; they are sent after its commit."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from core.identity.letters import Letter, LetterState, Medium
from core.identity.means import Means
from core.identity.wording import code_text, letter
from core.shared.work import Work


def write_letter(
    kind: str,
    *,
    to: str,
    language: str,
    facts: Mapping[str, str],
    work: Work,
    means: Means,
    owed: bool = True,
) -> None:
    """A mail of one of the kinds of wording.py; its facts are named there.

    With `owed` False it is written as any other and never sent: an address that nobody has costs
    the same work as one that somebody has.
    """
    subject, text = letter(kind, language, facts, means.base_url)
    content = {"to": to, "subject": subject, "text": text}
    id, now = means.ids(), means.clock.now()
    sealed = means.vault.seal(work.tenant_id, id, content)
    state = LetterState.READY if owed else LetterState.DEAD
    work.letters.add(Letter(id, Medium.MAIL, kind, sealed, now, now, state=state))


def write_code(
    code: str, *, to: str, language: str, channel: UUID, work: Work, means: Means
) -> None:
    """A one-time code to a phone, in the work of the seller whose channel sends it."""
    content = {"to": to, "text": code_text(code, language)}
    id, now = means.ids(), means.clock.now()
    sealed = means.vault.seal(work.tenant_id, id, content)
    work.letters.add(Letter(id, Medium.PHONE, "code", sealed, now, now, channel))


def tell(
    kind: str,
    own: Work,
    means: Means,
    *,
    to: str | None = None,
    owed: bool = True,
    **facts: str,
) -> None:
    """A letter to the person of the open realm, in the realm's language and by its clock; to their
    own address, if no other is given."""
    realm = own.tenants.get()
    if to is None:
        account = own.account.get()
        to, owed = (account.email, owed) if account else ("", False)
    at = means.clock.now().astimezone(realm.zone).strftime("%d.%m.%Y %H:%M")
    given = {"at": f"{at} ({realm.timezone})", **facts}
    write_letter(
        kind, to=to, language=realm.language, facts=given, work=own, means=means, owed=owed
    )
