"""What it costs to know who asks: at every request, and once, when somebody signs in.

A request is measured beside the same one at a house that asks nobody who they are; a sign-in beside
the one argon2 that it cannot do without; a guess at a known address beside one at an unknown one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address
from itertools import count
from statistics import median
from uuid import UUID

from core.identity.attempts import Refusal
from core.identity.client import Client
from core.identity.means import Claims
from core.identity.steps import Entered
from core.shared.errors import SignInRefused
from entrypoints.founding import operator_key
from entrypoints.http.signed_in import ACCESS
from entrypoints.identity import Identity, identity
from tests.bench.api_get import asking
from tests.bench.floors import KEY
from tests.bench.people import PASSWORD, join
from tests.bench.run import Run, in_turns
from tests.bench.seller import Seller, open_seller, vendors_in_memory
from tests.bench.servers import Site
from tests.bench.side import Side
from tests.bench.table import Pair, Row, Shown, compared, micros, millis, per_second

OWNER = "ayse@deniz.example"
BY_PERSON, BY_KEY = 2.0, 1.75
"""To read one row with nobody asked. Either adds a unit of work and a share of requests, which is
taken in Redis; a person's token is a signature as well."""
TURNS = 3
"""In a round: the sides take turns so much more often, for so much shorter."""
ARGON2 = 1.35
"""A whole sign-in, to one argon2."""
ALIKE = 0.05
"""The share by which a known address may differ from an unknown one."""
_ONE = "/api/v1/tenant"
_NETWORKS = (IPv6Address("2001:db8::1") + (number << 64) for number in count(1))
"""Each time a network that nobody has guessed from."""


@dataclass(frozen=True, slots=True)
class Spent:
    processor: float
    waited: float


@dataclass(frozen=True, slots=True)
class Stage:
    """A seller whose people sign in by the house's own use case, in this process."""

    seller: Seller
    identity: Identity
    hash: str
    """Of everybody's password."""

    def joins(self, email: str) -> None:
        join(self.identity.means, self.seller.tenant, email, self.hash)

    def enters(self, device: UUID | None = None) -> Entered:
        step = self._tries(OWNER, PASSWORD, device)
        if not isinstance(step, Entered):
            raise TypeError(f"the owner is asked for more: {type(step).__name__}")
        return step

    def guesses(self, email: str) -> None:
        try:
            self._tries(email, "mavi atlı dört fayton")
        except SignInRefused:
            return
        raise RuntimeError("a wrong password was right")

    def verifies(self) -> None:
        if not self.identity.means.hasher.verify(self.hash, PASSWORD):
            raise RuntimeError("the right password was wrong")

    def token(self) -> str:
        """An access token of a session of the owner's."""
        session, now = self.enters().session, self.identity.means.clock.now()
        claims = Claims(session.person, self.seller.tenant, session.id, now + ACCESS)
        return self.identity.tokens.mint(claims, now)

    def _tries(self, email: str, password: str, device: UUID | None = None) -> object:
        client = Client(str(next(_NETWORKS)), "TR", "Firefox", device)
        return self.identity.sign_in.by_password(
            email, password, tenant=self.seller.tenant, remember=False, client=client
        )


def bench(run: Run) -> Iterator[Row]:
    with run.servers.site() as site:
        operator_key(site.house, "bench")  # in the operator's realm guesses are counted
        seller = open_seller(site.house, vendors_in_memory(site.house)["whatsapp"])
        made = identity(site.house)
        stage = Stage(seller, made, made.means.hasher.hash(PASSWORD))
        stage.joins(OWNER)
        yield from _requests(run, site, stage)
        yield from _sign_ins(run, stage)
        yield from _guesses(run, stage)
        _check(site, run.sizes.guesses)


def _requests(run: Run, site: Site, stage: Stage) -> Iterator[Row]:
    told = {
        "FLOOR_TENANT": str(stage.seller.tenant),
        "INVEKTO_BASE_URL": site.house.config.base_url,  # it issues the access tokens
    }
    with site.listening("tests.bench.floors", "unasked", **told) as web:
        tokens = (stage.token(), stage.seller.key, KEY)
        sides = [Side(web, asking(_ONE, f"authorization: Bearer {token}")) for token in tokens]
        for side in sides:
            side.under(16, min(1.0, run.sizes.seconds))
        found = in_turns(
            TURNS * run.sizes.pairs,
            *(lambda side=side: side.under(16, run.sizes.seconds / TURNS) for side in sides),
        )
    for place, who, most in ((0, "a person's token", BY_PERSON), (1, "an API key", BY_KEY)):
        spent = [(stretch[place].cpu, stretch[2].cpu) for stretch in found]
        name = f"GET {_ONE} by {who}, to nobody asked: processor a request"
        yield compared(name, spent, micros, most=most)
        yield Row("the same, above nobody asked", micros(_above(spent)))
        rates = [(stretch[place].rate, stretch[2].rate) for stretch in found]
        yield compared("the same, 16 at once", rates, per_second)


def _sign_ins(run: Run, stage: Stage) -> Iterator[Row]:
    device = stage.enters().session.device
    found = in_turns(
        run.sizes.guesses,
        lambda: _spent(lambda: stage.enters(device)),
        lambda: _spent(stage.verifies),
        lambda: _spent(stage.enters),
    )
    back = [(ours.processor, floor.processor) for ours, floor, _ in found]
    yield compared("sign-in by password, to one argon2: processor", back, millis, most=ARGON2)
    yield Row("the same, above argon2", millis(_above(back)))
    new = [(ours.processor, floor.processor) for _, floor, ours in found]
    yield compared("sign-in on a new device, to one argon2: processor", new, millis, most=ARGON2)
    yield Row("the same, above argon2", millis(_above(new)))


def _above(pairs: Sequence[Pair]) -> float:
    return median(ours - floor for ours, floor in pairs)


def _guesses(run: Run, stage: Stage) -> Iterator[Row]:
    """Each at another address and from another network: nobody waits, and nobody is locked."""
    rounds = run.sizes.guesses
    known, unknown = iter(_addresses("known", rounds)), iter(_addresses("other", rounds))
    for address in _addresses("known", rounds):
        stage.joins(address)
    found = in_turns(
        rounds,
        lambda: _spent(lambda: stage.guesses(next(known))),
        lambda: _spent(lambda: stage.guesses(next(unknown))),
    )
    name = "wrong password at a known address, to an unknown one"
    yield _alike(f"{name}: processor", [(o.processor, f.processor) for o, f in found], millis)
    yield _alike("the same: wait", [(o.waited, f.waited) for o, f in found], millis)


def _addresses(kind: str, number: int) -> Sequence[str]:
    return [f"{kind}-{n:05}@deniz.example" for n in range(number)]


def _check(site: Site, rounds: int) -> None:
    """Whoever was refused for another reason was not measured at this."""
    asked = "select count(*) filter (where reason = %s), count(*) from attempts"
    found = site.ask(asked, Refusal.PASSWORD.value)
    if found != (rounds, 2 * rounds):
        raise RuntimeError(f"of {rounds} known addresses and as many unknown: {found}")


def _alike(measure: str, pairs: Sequence[Pair], shown: Shown) -> Row:
    """What somebody has who measures our answers: one median beside the other."""
    ours, floor = (median(side) for side in zip(*pairs, strict=True))
    ratio = ours / floor
    within = abs(ratio - 1) <= ALIKE
    return Row(measure, shown(ours), shown(floor), f"{ratio:.3f}×", f"1 ± {ALIKE:g}×", within)


def _spent(act: Callable[[], object]) -> Spent:
    """Of this thread: argon2 with one lane runs in it, and nothing else of the act elsewhere."""
    began, clock = time.thread_time(), time.perf_counter()
    act()
    return Spent(time.thread_time() - began, time.perf_counter() - clock)
