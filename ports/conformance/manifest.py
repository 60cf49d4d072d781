"""The promises of ports.manifest.Manifest and of the plugin's folder."""

from __future__ import annotations

import dataclasses
import re
import subprocess
import sys
from importlib.resources import files
from typing import Any

import pytest

from ports.conformance.base import Contract, build
from ports.conformance.shapes import misfits
from ports.conformance.webhooks import package_of
from ports.errors import AuthRejected, Transient
from ports.http import Request, Response
from ports.manifest import API_VERSION, Account, Context, Manifest
from ports.powers import PORTS, powers_of
from ports.quality import read_quality
from ports.sandbox import Fault, Sandbox
from ports.settings import MASK, Secret, example, masked, parse_settings, plain, schema

HOST = re.compile(r"(?!-)[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*")
MAY_BE_OFFLINE = {"understanding", "embedding"}
SECRET_WORDS = {"key", "secret", "token", "password", "passphrase", "pin", "sifre", "parola"}
NOT_SECRET_ENDINGS = {"id", "url", "name", "host", "limit", "count"}

LISTING = """
import importlib, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
ours = {"ports", "pluggy", sys.argv[1].partition(".")[0], *sys.stdlib_module_names}
tops = {name.partition(".")[0] for name in set(sys.modules) - before}
print(" ".join(sorted(tops - ours)))
"""


class ManifestContract(Contract):
    """Nothing but `manifest` is wanted."""

    @pytest.fixture
    def package(self, manifest: Manifest) -> str:
        return package_of(manifest)

    # --- who it is -------------------------------------------------------------------------

    def test_it_says_who_it_is_in_both_languages(self, manifest: Manifest) -> None:
        assert re.fullmatch(r"[a-z][a-z0-9_]{1,39}", manifest.id), "the id is a slug"
        assert manifest.name.strip()
        assert manifest.summary.en.strip()
        assert manifest.summary.tr.strip()
        assert manifest.owners, "somebody owns it"

    def test_it_speaks_this_version_of_the_ports(self, manifest: Manifest) -> None:
        assert manifest.api == API_VERSION

    def test_it_offers_something(self, manifest: Manifest) -> None:
        assert manifest.families

    def test_hosts_are_named_one_by_one(self, manifest: Manifest, settings: Any) -> None:
        hosts = manifest.hosts_for(settings)
        odd = [host for host in hosts if not HOST.fullmatch(host)]
        assert not odd, f"not plain host names (no wildcard, scheme, port or path): {odd}"
        if not hosts:
            calls = set(manifest.families) - MAY_BE_OFFLINE
            assert not calls, f"{sorted(calls)} cannot be offered without calling anybody"

    def test_listing_it_imports_no_vendors_library(self, package: str) -> None:
        """A missing library harms no one else; see ports.hooks.invekto_manifest."""
        command = [sys.executable, "-c", LISTING, package]
        path = {"PYTHONPATH": ":".join(filter(None, sys.path)) or "."}
        ran = subprocess.run(command, capture_output=True, text=True, env=path, check=False)
        assert ran.returncode == 0, f"importing {package} fails: {ran.stderr}"
        assert not ran.stdout.split(), f"import these inside the factories: {ran.stdout}"

    # --- what it asks ----------------------------------------------------------------------

    def test_every_setting_that_sounds_secret_is_a_secret(self, manifest: Manifest) -> None:
        for kind in kinds(manifest):
            hints = schema(kind)["properties"]
            told = [n for n in hints if sounds_secret(n) and not hints[n].get("writeOnly")]
            assert not told, f"type these Secret: {told}"

    def test_every_setting_is_explained_in_both_languages(self, manifest: Manifest) -> None:
        for kind in kinds(manifest):
            for name, shown in schema(kind)["properties"].items():
                assert shown["description"].strip(), f"{name} has no help"
                assert shown["x-help-tr"].strip(), f"{name} has no Turkish help"

    def test_examples_fit_and_secrets_do_not_show(self, manifest: Manifest) -> None:
        """The examples are what the sandbox accepts, so they must be valid settings."""
        for kind in kinds(manifest):
            settings = example(kind)
            assert parse_settings(kind, masked(settings), stored=settings) == settings
            values = [getattr(settings, f.name) for f in dataclasses.fields(settings)]
            for secret in (v.reveal() for v in values if isinstance(v, Secret)):
                assert secret not in repr(settings)
                assert secret != MASK
            assert set(plain(settings)) == set(masked(settings))

    # --- what it gives ---------------------------------------------------------------------

    def test_every_factory_builds_what_it_declares(
        self, request: pytest.FixtureRequest, manifest: Manifest, context: Context
    ) -> None:
        for family in declared(manifest):
            app = family == "app_webhooks"
            port = build(
                manifest, family, request.getfixturevalue("app_context") if app else context
            )
            for protocol in (PORTS[family], *powers_of(family, port)):
                problems = misfits(port, protocol)
                assert not problems, f"{family} is not a {protocol.__name__}: {problems}"

    def test_check_names_the_account(self, manifest: Manifest, context: Context) -> None:
        account = manifest.check(context)
        assert isinstance(account, Account)
        assert account.id
        assert account.name
        assert manifest.check(context).id == account.id, "the same account, the same id"

    def test_check_refuses_wrong_credentials(
        self, manifest: Manifest, wrong_context: Context
    ) -> None:
        with pytest.raises(AuthRejected) as caught:
            manifest.check(wrong_context)
        assert "wrong-on-purpose" not in str(caught.value), "the error's text shows the secret"

    def test_check_tells_a_silent_vendor_from_a_refusal(
        self, manifest: Manifest, context: Context, sandbox: Sandbox
    ) -> None:
        sandbox.faults.add(Fault.REFUSED_CONNECTION)
        with pytest.raises(Transient):
            manifest.check(context)

    def test_events_are_declared_where_webhooks_are_read(self, manifest: Manifest) -> None:
        reads = manifest.webhooks is not None or manifest.app_webhooks is not None
        assert reads == bool(manifest.webhook_events)
        apps = (manifest.app_settings is None, manifest.app_webhooks is None)
        assert len(set(apps)) == 1, "app_settings and app_webhooks come together"

    # --- the sandbox -----------------------------------------------------------------------

    def test_the_sandbox_plays_every_host(
        self, manifest: Manifest, settings: Any, sandbox: Sandbox
    ) -> None:
        assert manifest.hosts_for(settings) <= sandbox.hosts

    def test_the_sandbox_answers_what_it_does_not_know(self, sandbox: Sandbox) -> None:
        """As the vendor would, and never with an exception."""
        for host in sandbox.hosts:
            for request in (
                Request("GET", f"https://{host}/no/such/page?q=%C5%9F"),
                Request("POST", f"https://{host}/", {"content-type": "text/plain"}, b"\xff{"),
            ):
                response = sandbox.handle(request)
                assert isinstance(response, Response)
                assert 200 <= response.status < 600

    def test_the_sandbox_names_a_command_it_does_not_know(self, sandbox: Sandbox) -> None:
        with pytest.raises(ValueError, match="no_such_command"):
            sandbox.control("no_such_command")

    # --- the folder ------------------------------------------------------------------------

    def test_the_folder_says_how_good_it_is_and_how_to_set_it_up(self, package: str) -> None:
        assert read_quality(package).level
        readme = files(package) / "README.md"
        assert readme.is_file(), "README.md tells a tenant how to set it up"
        assert readme.read_text(encoding="utf-8").strip()


def kinds(manifest: Manifest) -> list[type[Any]]:
    return [kind for kind in (manifest.settings, manifest.app_settings) if kind is not None]


def declared(manifest: Manifest) -> list[str]:
    """Names of the factories that the manifest has."""
    return [name for name in PORTS if getattr(manifest, name) is not None]


def sounds_secret(name: str) -> bool:
    words = name.lower().split("_")
    return bool(SECRET_WORDS & set(words)) and words[-1] not in NOT_SECRET_ENDINGS
