"""The channel: short sentences over the client and the mapping."""

from __future__ import annotations

from datetime import timedelta

from plugins.netgsm.client import Client
from plugins.netgsm.outgoing import to_code, to_sms
from plugins.netgsm.refusals import CODE, SEND
from plugins.netgsm.settings import Settings
from ports.errors import ContractBroken, OutcomeUnknown, Rejected
from ports.families.channel import Identity, MessageRef, Outgoing
from ports.manifest import Account
from ports.values import IdempotencyKey
from ports.wild import Wild


class NetgsmChannel:
    """`Channel` with one-time codes.

    Netgsm knows no idempotency keys: a lost answer is OutcomeUnknown, the key rides along as
    `referansID`, and the delivery report that brings it back settles the matter.
    """

    settles_within = timedelta(minutes=15)

    def __init__(self, client: Client, settings: Settings) -> None:
        self._client = client
        self._usercode = settings.usercode
        self._header = settings.msgheader

    def account(self) -> Account:
        """One cheap call that proves the login, the right to use the API, and the sender title."""
        known = [title.text() for title in self._client.get("msgheader")["msgheaders"].each()]
        if self._header not in known:
            raise Rejected("the account has no such sender title", field="msgheader")
        return Account(self._usercode, f"{self._header} ({self._usercode})")

    def send(self, message: Outgoing, *, key: IdempotencyKey) -> MessageRef:
        """One job a message, so that the job's id names the message."""
        return _named(self._client.post("send", to_sms(message, self._header, key), SEND))

    def send_code(
        self,
        to: Identity,
        text: str,
        *,
        key: IdempotencyKey,  # noqa: ARG002 - the port's
    ) -> MessageRef:
        """By the route for codes, which takes no reference of ours: `key` stays here."""
        return _named(self._client.post("otp", to_code(to, text, self._header), CODE))


def _named(answer: Wild) -> MessageRef:
    """The job of an accepted send; `jobid` on the wire, `jobId` in some of the vendor's types."""
    try:
        job = answer["jobid"].digits_or(None) or answer["jobId"].digits()
    except ContractBroken as error:
        raise OutcomeUnknown("Netgsm accepted the message without naming its job") from error
    return MessageRef(job)
