"""Errors a plugin may raise. The class tells the house what to do next."""

from __future__ import annotations


class VendorError(Exception):
    """A call to a vendor did not give what was asked for."""

    def __init__(self, message: str, *, vendor_code: str | None = None) -> None:
        super().__init__(message)
        self.vendor_code = vendor_code
        """The vendor's own word for it, for logs and for people."""


class Transient(VendorError):
    """Nothing happened; the same call may succeed later."""


class RateLimited(Transient):
    """An early call, not a failed one."""

    def __init__(self, message: str, *, retry_after: float, vendor_code: str | None = None) -> None:
        super().__init__(message, vendor_code=vendor_code)
        self.retry_after = retry_after
        """Seconds until the vendor will listen again."""


class OutcomeUnknown(VendorError):
    """It may have happened. Look it up; never repeat it."""


class Rejected(VendorError):
    """Understood and refused; the same call will be refused again."""

    def __init__(
        self, message: str, *, field: str | None = None, vendor_code: str | None = None
    ) -> None:
        super().__init__(message, vendor_code=vendor_code)
        self.field = field
        """The culprit, in the words of the port or of the settings."""


class WindowClosed(Rejected):
    """The channel takes no free-form message now; an approved template may pass."""


class AuthRejected(Rejected):
    """The credentials do not open the door: a person must act."""


class ContractBroken(VendorError):
    """The vendor's answer does not fit its contract; our bug until shown otherwise."""


class WebhookError(Exception):
    """A delivery that is not turned into events."""


class Unverified(WebhookError):
    """Not from the vendor: nothing is stored, the answer is 401."""


class Unreadable(WebhookError):
    """The vendor's, but of a shape we do not know: kept, and a person is told."""


class Ignored(WebhookError):
    """Known and skipped on purpose; the message is the reason."""
