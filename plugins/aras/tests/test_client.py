"""What goes over the wire, and what each answer means."""

from __future__ import annotations

import dataclasses

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given
from hypothesis import strategies as st

from plugins.aras import envelope
from plugins.aras.client import BRANCHES, Client
from plugins.aras.manifest import MANIFEST
from plugins.aras.sandbox import ArasSandbox
from plugins.aras.tests.answers import SETTINGS, Replay, client, fixture, soap
from ports.errors import AuthRejected, ContractBroken, RateLimited, Rejected, Transient
from ports.http import Response
from ports.manifest import Account
from ports.sandbox import SandboxTransport
from ports.settings import Secret, SettingsInvalid, parse_settings

PRINTABLE = st.text(min_size=1, max_size=40).filter(str.isprintable)
NS = {"s": envelope.SOAP, "t": envelope.NAMESPACE}


@given(password=PRINTABLE, code=PRINTABLE)
def test_every_printable_value_survives_both_escapings(password, code):
    body = envelope.question({"Password": password}, {"IntegrationCode": code})
    call = fromstring(body).find("s:Body/t:GetQueryJSON", NS)
    login = fromstring(call.findtext("t:loginInfo", namespaces=NS))
    query = fromstring(call.findtext("t:queryInfo", namespaces=NS))
    assert (login.findtext("Password"), query.findtext("IntegrationCode")) == (password, code)


def test_an_ampersand_is_escaped_twice_on_the_wire():
    body = envelope.question({"Password": "a&b"}, {})
    assert b"&lt;Password&gt;a&amp;amp;b&lt;/Password&gt;" in body


@pytest.mark.parametrize(("environment", "host"), [
    ("live", "customerservices.araskargo.com.tr"),
    ("test", "customerservicestest.araskargo.com.tr"),
])  # fmt: skip
def test_a_question_is_an_encrypted_post_that_only_reads(environment, host):
    transport = Replay(fixture("branches__from_docs.json"))
    settings = dataclasses.replace(SETTINGS, environment=environment)
    Client(transport, settings).query(BRANCHES)
    [request] = transport.requests
    assert request.url.startswith(f"https://{host}/")
    assert host in MANIFEST.hosts_for(settings)
    assert request.method == "POST"
    assert not request.changes_the_world
    assert request.headers["soapaction"] == f'"{envelope.ACTION}"'


def test_a_good_login_names_the_customer():
    transport = SandboxTransport(ArasSandbox(clock=None))
    assert Client(transport, SETTINGS).check() == Account("1000000000016", "Aras 1000000000016")


def test_a_password_with_markup_in_it_opens_the_door():
    sandbox = ArasSandbox(clock=None)
    sandbox.control("account", customer_code="42", username="a&b", password="<p>&\"'")
    settings = dataclasses.replace(
        SETTINGS, customer_code="42", query_username="a&b", query_password=Secret("<p>&\"'")
    )
    assert Client(SandboxTransport(sandbox), settings).check().id == "42"


@pytest.mark.parametrize("field", ["query_username", "query_password", "customer_code"])
def test_any_wrong_part_of_the_login_is_told(field):
    wrong = Secret("no") if field == "query_password" else "0"
    settings = dataclasses.replace(SETTINGS, **{field: wrong})
    with pytest.raises(AuthRejected):
        Client(SandboxTransport(ArasSandbox(clock=None)), settings).check()


def test_a_login_that_sees_no_branches_is_not_a_login():
    with pytest.raises(AuthRejected):
        client(fixture("cargo.none__from_docs.json")).check()


def test_a_result_in_cdata_is_read_like_an_escaped_one():
    [row] = client(fixture("soap.answer_in_cdata__from_docs.xml")).query(BRANCHES)
    assert row["ALICI"].text() == "A & B <TİCARET>"


@pytest.mark.parametrize("answer", [fixture("soap.answer_nil__from_docs.xml"), soap("null")])
def test_a_result_of_nothing_is_no_rows(answer):
    assert client(answer).query(BRANCHES) == []


@pytest.mark.parametrize(("sentence", "error"), [
    ("Kullanıcı adı veya şifre hatalı!", AuthRejected),
    ("KULLANICI BULUNAMADI", AuthRejected),
    ("Bu sorgu için yetkiniz bulunmamaktadır.", AuthRejected),
    ("Müşteri kodu geçersiz", AuthRejected),
    ('"Invalid login"', AuthRejected),
    ("Sorgulanan tarih aralığı çok geniş.", Rejected),
])  # fmt: skip
def test_a_sentence_instead_of_json_is_a_refusal(sentence, error):
    with pytest.raises(error) as caught:
        client(soap(sentence)).query(BRANCHES)
    assert type(caught.value) is error
    assert caught.value.vendor_code == sentence


@pytest.mark.parametrize(("answer", "error"), [
    (fixture("soap.fault_ours__from_docs.xml", 500), Rejected),
    (fixture("soap.fault_theirs__from_docs.xml", 500), Transient),
    (fixture("soap.fault_theirs__from_docs.xml", 200), Transient),
    (fixture("maintenance.html", 200), ContractBroken),
    (fixture("maintenance.html", 503), Transient),
    (Response(200, {}, b"<html>well-formed</html>"), ContractBroken),
    (Response(200, {}, b""), ContractBroken),
    (Response(200, {}, b'<?xml version="1.0" encoding="nonsense"?><a/>'), ContractBroken),
    (Response(200, {}, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'), ContractBroken),
    (soap('{"QueryResult":{"Car'), ContractBroken),
    (soap("<QueryResult/>"), ContractBroken),
    (soap("{}"), ContractBroken),
    (soap("[]"), ContractBroken),
    (soap('{"QueryResult":"?"}'), ContractBroken),
    (soap('{"QueryResult":{"Cargo":"?"}}'), ContractBroken),
    (Response(401), AuthRejected),
    (Response(403), AuthRejected),
    (Response(404), Rejected),
    (Response(302), Rejected),
    (Response(500), Transient),
])  # fmt: skip
def test_what_is_no_answer_is_the_right_error(answer, error):
    with pytest.raises(error) as caught:
        client(answer).query(BRANCHES)
    assert type(caught.value) is error


@pytest.mark.parametrize(("header", "seconds"), [("30", 30.0), ("", 60.0), ("soon", 60.0)])
def test_too_many_questions_say_how_long_to_wait(header, seconds):
    with pytest.raises(RateLimited) as caught:
        client(Response(429, {"retry-after": header})).query(BRANCHES)
    assert caught.value.retry_after == seconds


def test_every_way_to_cut_an_answer_short_is_a_broken_contract():
    whole = fixture("movements.several__from_docs.json").body
    for length in range(0, len(whole), 7):
        with pytest.raises(ContractBroken):
            client(Response(200, {}, whole[:length])).query(BRANCHES)


@pytest.mark.parametrize("code", ["TR-1", "12 34", "٣٤", "1" * 21])
def test_a_customer_code_is_digits(code):
    given = {"query_username": "u", "query_password": "p", "customer_code": code}
    with pytest.raises(SettingsInvalid) as caught:
        parse_settings(type(SETTINGS), given)
    assert set(caught.value.problems) == {"customer_code"}
