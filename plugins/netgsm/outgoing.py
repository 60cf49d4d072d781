"""Our messages in Netgsm's words, with its limits checked before anything is called.

Source: netgsm.com.tr/dokuman, REST v2: `send`, `otp`.
"""

from __future__ import annotations

from typing import Any

from plugins.netgsm.numbers import to_ten_digits
from ports.errors import Rejected
from ports.families.channel import Identity, Outgoing, OutgoingText
from ports.values import IdempotencyKey

INFORMATIONAL = "0"
"""`iysfilter` of a message that sells nothing: no consent is looked up. A text, never a number."""

PLAIN, TURKISH, UNICODE = None, "TR", "UNICODE"
LIMITS = {PLAIN: 917, TURKISH: 883, UNICODE: 391}
"""Characters (UTF-16 units) of a whole message in each encoding."""
CODE_LIMIT = 160

_TURKISH_LETTERS = frozenset("çÇğĞıİöÖşŞüÜ")


def to_sms(message: Outgoing, header: str, key: IdempotencyKey) -> dict[str, Any]:
    """The body of `send` for one person; Rejected with the field when it is unfit.

    An SMS shows no quotation, so `reply_to` is left out.
    """
    if not isinstance(message.body, OutgoingText):
        raise Rejected("an SMS carries text only", field="body")
    text = message.body.text
    encoding = encoding_of(text)
    _within(text, LIMITS[encoding])
    sent: dict[str, Any] = {
        "msgheader": header,
        "iysfilter": INFORMATIONAL,
        "referansID": key,
        "messages": [{"msg": text, "no": to_ten_digits(message.to)}],
    }
    return sent if encoding is None else {**sent, "encoding": encoding}


def to_code(to: Identity, text: str, header: str) -> dict[str, Any]:
    """The body of `otp`."""
    if not text.isascii():
        raise Rejected("a one-time code is sent in letters without accents", field="text")
    _within(text, CODE_LIMIT)
    return {"msgheader": header, "msg": text, "no": to_ten_digits(to)}


def encoding_of(text: str) -> str | None:
    """The narrowest encoding that keeps every letter; left out for plain ASCII."""
    if text.isascii():
        return PLAIN
    beyond = {letter for letter in text if not letter.isascii()}
    return TURKISH if beyond <= _TURKISH_LETTERS else UNICODE


def _within(text: str, limit: int) -> None:
    if not text.strip():
        raise Rejected("the text is empty", field="text")
    try:
        units = len(text.encode("utf-16-le")) // 2
    except UnicodeEncodeError:
        raise Rejected("the text holds half a character", field="text") from None
    if units > limit:
        raise Rejected(f"longer than the {limit} characters of such an SMS", field="text")
