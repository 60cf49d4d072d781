"""What customers want: the taxonomy, and each tenant's rules for every intent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.audit.events import AuditEvent
from core.policies.readiness import SURE, need_readiness
from core.shared.actor import Actor, allow
from core.shared.errors import Invalid, NotFound
from core.shared.work import Works


@dataclass(frozen=True, slots=True)
class Intent:
    name: str
    tr: str
    en: str
    """What a customer is shown when the agent asks what was meant: at most 24 characters, so that
    it fits a list row of every channel."""


TAXONOMY: dict[str, Intent] = {
    i.name: i
    for i in (
        Intent("order_status", "Siparişimin durumu", "The state of my order"),
        Intent("shipment_tracking", "Kargom nerede?", "Where is my parcel?"),
        Intent("shipment_delay", "Kargom gecikti", "My parcel is late"),
        Intent("return_request", "İade etmek istiyorum", "I want to return it"),
        Intent("exchange_request", "Değişim istiyorum", "I want to exchange it"),
        Intent("refund_status", "İadem ne oldu?", "What about my refund?"),
        Intent("order_cancel", "Sipariş iptali", "Cancel my order"),
        Intent("address_change", "Adres değişikliği", "Change my address"),
        Intent("wrong_or_missing_item", "Yanlış ya da eksik ürün", "Wrong or missing item"),
        Intent("damaged_item", "Hasarlı ürün", "Damaged item"),
        Intent("stock_query", "Stokta var mı?", "Is it in stock?"),
        Intent("price_query", "Fiyat sormak istiyorum", "Ask about a price"),
        Intent("product_info", "Ürün bilgisi", "About a product"),
        Intent("campaign_coupon", "Kampanya ve kupon", "Campaigns and coupons"),
        Intent("payment_problem", "Ödeme sorunu", "A problem with payment"),
        Intent("payment_options", "Ödeme seçenekleri", "Ways to pay"),
        Intent("shipping_cost_time", "Kargo ücreti ve süresi", "Shipping cost and time"),
        Intent("appointment", "Randevu", "An appointment"),
        Intent("warranty_service", "Garanti ve servis", "Warranty and service"),
        Intent("invoice", "Fatura", "Invoice"),
        Intent("greeting", "Selamlaşma", "A greeting"),
        Intent("human_request", "Temsilciyle görüşmek", "Talk to a person"),
        Intent("account_access", "Hesabıma giremiyorum", "I cannot sign in"),
        Intent("data_privacy_request", "Kişisel verilerim", "My personal data"),
        Intent("out_of_scope", "Başka bir konu", "Something else"),
    )
}

DEFAULT_THRESHOLD = 0.6
EXAMPLES = range(5, 201)
"""How many sample utterances a tenant's own intent needs."""


@dataclass(frozen=True, slots=True)
class IntentRule:
    """A tenant's rule for one intent; its own intents bring their samples along."""

    name: str
    threshold: float = DEFAULT_THRESHOLD
    """Below this confidence the agent does not act on it."""
    autonomous: bool = False
    """Off: the turn is made and kept as a suggestion."""
    title: str | None = None
    """Set for the tenant's own intents alone."""
    examples: tuple[str, ...] = ()

    @property
    def own(self) -> bool:
        return self.name not in TAXONOMY


class IntentStore(Protocol):
    def all(self) -> Mapping[str, IntentRule]:
        """The rules that this tenant has set itself."""

    def save(self, rule: IntentRule, now: datetime) -> None: ...

    def remove(self, name: str) -> None: ...


def rule_for(name: str, rules: Mapping[str, IntentRule]) -> IntentRule:
    """The tenant's rule, or the default one: not autonomous."""
    return rules.get(name) or IntentRule(name)


def all_rules(rules: Mapping[str, IntentRule]) -> Sequence[IntentRule]:
    """A rule for every intent of the taxonomy, then the tenant's own."""
    own = [r for r in rules.values() if r.own]
    return [rule_for(name, rules) for name in TAXONOMY] + sorted(own, key=lambda r: r.name)


def set_rule(rule: IntentRule, actor: Actor, *, works: Works, now: datetime) -> IntentRule:
    """Change how the agent treats an intent, or add one of the tenant's own.

    Autonomy is switched on only where sign-in policy, audit and guardrails are in force; else
    NotReady says what lacks. It is switched off, and a rule that has it is changed, at any time.
    """
    allow(actor, "agents.write")
    _check(rule)
    with works(actor.tenant) as work:
        rules = work.intents.all()
        before = rules.get(rule.name)
        if rule.autonomous and not (before and before.autonomous):
            need_readiness(work, rules={**rules, rule.name: rule})
        work.intents.save(rule, now)
        work.audit.add(
            AuditEvent(
                "intent.changed",
                actor,
                "intent",
                rule.name,
                now,
                before=_shown(before) if before else None,
                after=_shown(rule),
            )
        )
        work.commit()
    return rule


def remove_rule(name: str, actor: Actor, *, works: Works, now: datetime) -> None:
    """Forget the tenant's rule: back to the default, or gone for its own intent."""
    allow(actor, "agents.write")
    with works(actor.tenant) as work:
        before = work.intents.all().get(name)
        if before is None:
            raise NotFound("this tenant has no rule of its own for that intent")
        work.intents.remove(name)
        work.audit.add(
            AuditEvent("intent.removed", actor, "intent", name, now, before=_shown(before))
        )
        work.commit()


def _check(rule: IntentRule) -> None:
    problems = {}
    if not 0.0 <= rule.threshold <= 1.0:
        problems["threshold"] = "must be between 0 and 1"
    elif rule.autonomous and rule.threshold < SURE:
        problems["threshold"] = f"must be at least {SURE} for what is acted on alone"
    if not rule.own and (rule.title or rule.examples):
        problems["examples"] = "a built-in intent brings its own"
    if rule.own:
        if not rule.title:
            problems["title"] = "is required for an intent of your own"
        if len(set(rule.examples)) not in EXAMPLES:
            problems["examples"] = f"needs {EXAMPLES.start} to {EXAMPLES.stop - 1} different ones"
    if problems:
        raise Invalid(problems)


def _shown(rule: IntentRule) -> dict[str, object]:
    return {
        "threshold": rule.threshold,
        "autonomous": rule.autonomous,
        "title": rule.title,
        "examples": len(rule.examples),
    }
