"""The library on the house's wire: what leaves, what does not, and who the account is."""

from __future__ import annotations

import pytest

from plugins.openai.manifest import MANIFEST
from plugins.openai.tests.answers import SETTINGS, Replay, client, context, fixture, llm
from ports.errors import AuthRejected, RateLimited, Rejected, Transient
from ports.families.llm import Turn
from ports.http import Request, Response
from ports.manifest import Account
from ports.sandbox import Fault, SandboxTransport
from ports.settings import Secret, SettingsInvalid, parse_settings

TURNS = [Turn("user", "Merhaba")]
ENVIRONMENT = {
    "OPENAI_API_KEY": "sk-stray",
    "OPENAI_ADMIN_KEY": "sk-stray-admin",
    "OPENAI_BASE_URL": "https://stray.example/v1",
    "OPENAI_ORG_ID": "org-stray",
    "OPENAI_PROJECT_ID": "proj_stray",
    "OPENAI_CUSTOM_HEADERS": "X-Stray: 1\nAuthorization: Bearer sk-stray",
    "HTTPS_PROXY": "http://stray.example:3128",
}


def sent(**changes: object) -> Request:
    server = Replay(fixture("completion.stop"))
    llm(server, **changes).complete(TURNS)
    [request] = server.requests
    return request


def test_a_request_goes_to_the_tenants_address_with_the_tenants_key():
    request = sent(base_url="https://llm.shop.example/v1/", api_key=Secret("sk-mine"))
    assert (request.method, request.url) == ("POST", "https://llm.shop.example/v1/chat/completions")
    assert request.headers["authorization"] == "Bearer sk-mine"
    assert request.headers["content-type"] == "application/json"


def test_a_completion_is_a_read_with_a_deadline():
    request = sent()
    assert not request.changes_the_world
    assert request.timeout == 25


def test_a_stray_environment_changes_nothing(monkeypatch):
    clean = sent()
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert sent() == clean
    assert "stray" not in repr(clean)


def test_organization_and_project_are_told_where_they_are_set():
    headers = sent(organization="org-1", project="proj_1").headers
    assert (headers["openai-organization"], headers["openai-project"]) == ("org-1", "proj_1")
    assert not {"openai-organization", "openai-project"} & set(sent().headers)


def test_a_body_that_was_compressed_on_the_way_is_read_as_the_house_hands_it_over():
    answer = fixture("completion.stop", content_encoding="gzip", content_length="9999")
    assert llm(Replay(answer)).complete(TURNS).text.startswith("Kargonuz")


def test_a_redirect_is_not_followed():
    server = Replay(Response(307, {"location": "https://elsewhere.example/v1"}))
    with pytest.raises(Rejected) as caught:
        llm(server).complete(TURNS)
    assert caught.value.field == "base_url"
    assert len(server.requests) == 1


# --- the account ---------------------------------------------------------------------------


def test_a_listed_model_proves_the_key_without_paying(openai):
    account = client(SandboxTransport(openai)).check()
    assert account == Account("api.openai.com/gpt-5-mini", "gpt-5-mini (api.openai.com)")
    assert openai.control("asked") == []


class NoModels:
    """A compatible server that lists no models."""

    def __init__(self, inner: SandboxTransport, answer: Response) -> None:
        self._inner = inner
        self._answer = answer

    def send(self, request: Request) -> Response:
        return self._answer if request.method == "GET" else self._inner.send(request)


@pytest.mark.parametrize("answer", [
    Response(404), Response(405), Response(403), Response(200, {}, b"<html>"),
    Response(200, {}, b"{}"), Response(200, {}, b'{"data":[]}'),
])  # fmt: skip
def test_where_models_are_not_listed_a_tiny_completion_decides(openai, answer):
    transport = NoModels(SandboxTransport(openai), answer)
    assert client(transport).check().id == "api.openai.com/gpt-5-mini"
    [body] = openai.control("asked")
    assert body["max_completion_tokens"] == 16


def test_a_model_that_nobody_offers_is_told(openai):
    with pytest.raises(Rejected) as caught:
        client(SandboxTransport(openai), model="gpt-nobody").check()
    assert caught.value.field == "model"


def test_a_wrong_key_is_told(openai):
    with pytest.raises(AuthRejected):
        client(SandboxTransport(openai), api_key=Secret("sk-wrong")).check()


@pytest.mark.parametrize(("fault", "error"), [
    (Fault.REFUSED_CONNECTION, Transient), (Fault.RATE_LIMITED, RateLimited),
    (Fault.SERVER_ERROR, Transient),
])  # fmt: skip
def test_a_server_that_fails_is_not_taken_for_one_without_models(openai, fault, error):
    openai.faults.add(fault)
    with pytest.raises(error):
        client(SandboxTransport(openai)).check()
    assert openai.control("asked") == []


def test_one_more_key_and_one_more_model_are_accepted_on_demand(openai):
    openai.control("key", api_key="sk-two")
    openai.control("model", name="gpt-two")
    checked = client(SandboxTransport(openai), api_key=Secret("sk-two"), model="gpt-two").check()
    assert checked.id == "api.openai.com/gpt-two"


# --- the address ---------------------------------------------------------------------------


@pytest.mark.parametrize(("url", "host"), [
    ("https://api.openai.com/v1", "api.openai.com"),
    ("https://LLM.shop.example:8443/openai/v1", "llm.shop.example"),
    ("http://localhost:11434/v1", "localhost"),
    ("http://127.0.0.1:8000/v1", "127.0.0.1"),
])  # fmt: skip
def test_the_only_host_is_the_one_of_the_address(url, host):
    settings = parse_settings(type(SETTINGS), {"api_key": "k", "model": "m", "base_url": url})
    assert MANIFEST.hosts_for(settings) == {host}


@pytest.mark.parametrize("url", [
    "http://api.openai.com/v1", "http://localhost.evil.example/v1", "https://a@b.example/v1",
    "https://api.openai.com/v1?x=1", "https://api.openai.com/v1#x", "ftp://localhost/v1", "https://",
    "http://localhost:1@evil.example/", "https://api.openai.com\\@evil.example/",
])  # fmt: skip
def test_an_address_is_encrypted_or_on_this_machine_and_nothing_but_an_address(url):
    with pytest.raises(SettingsInvalid) as caught:
        parse_settings(type(SETTINGS), {"api_key": "k", "model": "m", "base_url": url})
    assert set(caught.value.problems) == {"base_url"}


def test_a_key_that_no_header_can_carry_is_refused_at_once():
    with pytest.raises(SettingsInvalid):
        parse_settings(type(SETTINGS), {"api_key": "anahtarım", "model": "m"})


def test_the_factories_build_from_a_context(openai):
    built = context(SandboxTransport(openai))
    assert MANIFEST.llm(built).complete(TURNS).text == "Sandbox: Merhaba"
    assert MANIFEST.embedding(built).dimensions == 256
