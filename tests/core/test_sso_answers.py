"""SAML's way back: a brief state, an answer that waits for its page, a word that counts once."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.identity.attempts import Refusal
from core.identity.sso import Connection, Rules, SsoKind
from core.identity.sso_answers import LONGEST, SsoAnswers
from core.identity.steps import Entered
from core.identity.tickets import LIFETIMES, Purpose, Token, parse
from core.shared.errors import SignInRefused
from tests.core.fakes.door import HOME
from tests.core.fakes.sso import SAID, SsoDoor
from tests.core.fakes.world import OTHER, TENANT

TOKENS = st.builds(Token, st.uuids(), st.uuids(), st.binary(min_size=32, max_size=32))


@pytest.fixture
def door() -> SsoDoor:
    return SsoDoor()


def away(door: SsoDoor, sso: Connection) -> str:
    url = door.sso.begin(TENANT, sso.id, remember=False, flow="f", client=HOME)
    return url.partition("state=")[2]


@given(TOKENS, st.uuids())
def test_a_brief_token_is_whole_again_with_its_realm_alone(token: Token, other: UUID) -> None:
    assert len(token.brief) == 64
    assert parse(token.brief, token.realm) == token
    assert parse(token.brief) is None
    assert parse(str(token), token.realm) is None
    elsewhere = parse(token.brief, other)
    assert elsewhere is not None
    assert (elsewhere == token) == (other == token.realm)


def test_the_state_fits_into_a_relay_state(door: SsoDoor) -> None:
    """Which has 80 bytes; an OpenID provider's has room for all of it."""
    assert len(away(door, door.connect(kind=SsoKind.SAML))) == 64
    assert parse(away(door, door.connect())) is not None


def test_an_answer_waits_once_for_its_page(door: SsoDoor) -> None:
    answers, state = SsoAnswers(door.means), away(door, door.connect(kind=SsoKind.SAML))
    first, last = (answers.keep(TENANT, text, state) for text in ("a", "b"))
    assert first
    assert last
    with pytest.raises(SignInRefused):
        answers.taken(first)
    assert answers.taken(last)["SAMLResponse"] == "b"
    with pytest.raises(SignInRefused):
        answers.taken(last)


def test_what_nobody_is_away_for_is_not_kept(door: SsoDoor) -> None:
    answers, state = SsoAnswers(door.means), away(door, door.connect(kind=SsoKind.SAML))
    token = parse(state, TENANT)
    assert token
    assert answers.keep(OTHER, "a", state) is None
    assert answers.keep(TENANT, "a", replace(token, secret=b"x" * 32).brief) is None
    assert answers.keep(TENANT, "a" * (LONGEST + 1), state) is None
    door.clock.forward(LIFETIMES[Purpose.SSO])
    assert answers.keep(TENANT, "a", state) is None


def test_a_word_that_could_be_brought_again_counts_once(door: SsoDoor) -> None:
    sso = door.connect(kind=SsoKind.SAML, rules=Rules(provision=True))
    door.providers.says = replace(SAID, once="_said")
    answers = SsoAnswers(door.means)
    came = []
    for _ in range(2):
        ticket = answers.keep(TENANT, "response", away(door, sso))
        assert ticket
        came.append(answers.taken(ticket))
    assert isinstance(door.sso.finish(came[0], "f", HOME), Entered)
    with pytest.raises(SignInRefused):
        door.sso.finish(came[1], "f", HOME)
    [refused] = door.world.tables(TENANT).attempts.values()
    assert (refused.reason, refused.detail) == (Refusal.SSO, "its word was heard before")
