"""Connecting a vendor: test before storing, one connection an account, secrets sealed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from core.audit.events import AuditEvent
from core.commerce.sync import STREAMS, SyncState
from core.delivery.effects import Subscribe, owe
from core.shared.actor import Actor, allow
from core.shared.errors import Conflict, Invalid, NotFound, Unavailable
from core.shared.ids import OPERATOR, Ids
from core.shared.work import Work, Works
from core.tenancy.api_keys import digest
from core.tenancy.installations import Health, Installation, InstallationState
from core.tenancy.vendors import Vault, Vendors
from core.tenancy.webhook_secrets import derived, kept
from ports.errors import AuthRejected, Rejected, VendorError
from ports.families.marketplace import SubscribesWebhooks
from ports.manifest import Account
from ports.settings import SettingsInvalid, masked, parse_settings, plain


@dataclass(frozen=True, slots=True)
class Connections:
    """The use cases around installations."""

    works: Works
    vendors: Vendors
    vault: Vault
    ids: Ids
    base_url: str
    """Where vendors reach us: the start of every webhook address."""

    def webhook_url(self, token: str) -> str:
        """The address to give a vendor. The token in it is shown once and kept as a hash.

        It does not name the plugin: Trendyol refuses addresses that hold its own name.
        """
        return f"{self.base_url}/api/v1/hooks/{token}"

    def connect(
        self,
        id: UUID,
        token: str,
        plugin_id: str,
        given: Mapping[str, Any],
        actor: Actor,
        *,
        now: datetime,
        app: bool = False,
    ) -> Installation:
        """Check the settings against the vendor, then keep them sealed.

        `token` becomes the secret part of the webhook address; only its hash is kept. With `app`
        the operator opens the vendor's app-wide door instead.
        Raises Invalid by field, Conflict for an account that is already connected, and Unavailable
        when the vendor cannot be asked.
        """
        self._permit(actor, app)
        settings = self._parse(plugin_id, given, app=app)
        account = self._check(plugin_id, settings, app)
        settings = derived(settings, token)
        installation = Installation(
            id,
            actor.tenant,
            plugin_id,
            account.id,
            account.name,
            InstallationState.ACTIVE,
            self.vault.seal(actor.tenant, id, plain(settings)),
            digest(token),
            now,
            now,
            health=Health(True, "connected", now),
            app=app,
        )
        with self.works(actor.tenant) as work:
            work.installations.add(installation, routed=self._routed(plugin_id, app))
            event = "app.connected" if app else "installation.connected"
            self._audit(work, event, installation, actor, now, after=masked(settings))
            self._set_to_work(work, installation, now)
            self._subscribe(work, installation, settings, token, actor, now)
            work.commit()
        return installation

    def update(
        self, id: UUID, given: Mapping[str, Any], actor: Actor, *, now: datetime
    ) -> Installation:
        """Replace the settings; a secret sent as the mask keeps its value. Checked as connect is.

        The account may not change: that would be another connection.
        """
        old = self.get(id, actor)
        self._permit(actor, old.app)
        stored = self.vendors.settings(old)
        settings = self._parse(old.plugin_id, given, stored, app=old.app)
        account = self._check(old.plugin_id, settings, old.app)
        if account.id != old.account_id:
            raise Conflict("these settings belong to another account: connect it by itself")
        settings = kept(settings, stored)
        new = replace(
            old,
            settings=self.vault.seal(old.tenant_id, id, plain(settings)),
            account_name=account.name,
            state=InstallationState.ACTIVE,
            updated_at=now,
            version=old.version + 1,
            health=Health(True, "connected", now),
        )
        with self.works(actor.tenant) as work:
            work.installations.save(new)
            self._audit(
                work,
                "installation.updated",
                new,
                actor,
                now,
                before=masked(stored),
                after=masked(settings),
            )
            self._set_to_work(work, new, now)
            work.commit()
        return new

    def get(self, id: UUID, actor: Actor) -> Installation:
        with self.works(actor.tenant) as work:
            found = work.installations.get(id)
        if found is None or found.state is InstallationState.DISCONNECTED:
            raise NotFound("there is no such connection")
        return found

    def check(self, id: UUID, actor: Actor, *, now: datetime) -> Installation:
        """Ask the vendor again and keep what it says as the connection's health."""
        allow(actor, "integrations.read")
        old = self.get(id, actor)
        try:
            self.vendors.check(old.plugin_id, self.vendors.settings(old), app=old.app)
        except VendorError as error:
            health = Health(False, str(error), now)
            state = _after_failure(old.state, error)
        else:
            health = Health(True, "connected", now)
            state = _after_success(old.state)
        new = replace(old, health=health, state=state, version=old.version + 1)
        with self.works(actor.tenant) as work:
            work.installations.save(new)
            if new.works and not old.works:
                self._set_to_work(work, new, now)
            work.commit()
        return new

    def enable(self, id: UUID, actor: Actor, *, now: datetime) -> Installation:
        """Switch it on again, after the vendor has accepted its settings."""
        old = self.get(id, actor)
        self._permit(actor, old.app)
        self._check(old.plugin_id, self.vendors.settings(old), old.app)
        return self._move(id, InstallationState.ACTIVE, "installation.enabled", actor, now)

    def disable(self, id: UUID, actor: Actor, *, now: datetime) -> Installation:
        """Switch it off: nothing is taken in and nothing goes out, settings stay."""
        return self._move(id, InstallationState.DISABLED, "installation.disabled", actor, now)

    def disconnect(self, id: UUID, actor: Actor, *, now: datetime) -> None:
        """Forget the settings and the door; what it brought stays. The account may come back."""
        self._move(id, InstallationState.DISCONNECTED, "installation.disconnected", actor, now)

    def rotate_hook(self, id: UUID, token: str, actor: Actor, *, now: datetime) -> Installation:
        """Give the connection a new webhook address; the old one stops at once."""
        old = self.get(id, actor)
        self._permit(actor, old.app)
        new = replace(old, hook_digest=digest(token), updated_at=now, version=old.version + 1)
        settings = self.vendors.settings(old)
        with self.works(actor.tenant) as work:
            work.installations.save(new)
            self._subscribe(work, new, settings, token, actor, now)
            self._audit(work, "installation.hook_rotated", new, actor, now)
            work.commit()
        return new

    def _move(
        self, id: UUID, state: InstallationState, event: str, actor: Actor, now: datetime
    ) -> Installation:
        old = self.get(id, actor)
        self._permit(actor, old.app)
        gone = state is InstallationState.DISCONNECTED
        new = replace(
            old,
            state=state,
            updated_at=now,
            version=old.version + 1,
            settings=b"" if gone else old.settings,
            hook_digest=None if gone else old.hook_digest,
        )
        with self.works(actor.tenant) as work:
            work.installations.save(new)
            self._audit(work, event, new, actor, now, {"state": old.state}, {"state": new.state})
            self._set_to_work(work, new, now)
            work.commit()
        return new

    def _set_to_work(self, work: Work, installation: Installation, now: datetime) -> None:
        """Start what the connection does by itself, or stop it when it is off."""
        if not installation.works:
            work.sync.stop(installation.id)
            return
        work.outbox.unpark(installation.id, now)
        if "marketplace" in self.vendors.families(installation.plugin_id) and not installation.app:
            for stream in STREAMS:
                work.sync.begin(SyncState(installation.id, stream, due_at=now))

    def _subscribe(
        self,
        work: Work,
        installation: Installation,
        settings: Any,
        token: str,
        actor: Actor,
        now: datetime,
    ) -> None:
        """Owe a shop that posts its changes the address to post them to."""
        secret = getattr(settings, "webhook_secret", None)
        is_shop = "marketplace" in self.vendors.families(installation.plugin_id)
        if installation.app or secret is None or not is_shop:
            return
        if not isinstance(self.vendors.marketplace(installation), SubscribesWebhooks):
            return
        url = self.webhook_url(token)
        sealed = self.vault.seal(
            installation.tenant_id, installation.id, {"url": url, "secret": secret.reveal()}
        )
        work.outbox.add(
            owe(
                self.ids(),
                Subscribe(sealed),
                installation=installation.id,
                subject=installation.id,
                now=now,
                correlation_id=actor.correlation_id,
            )
        )

    def _routed(self, plugin_id: str, app: bool) -> bool:
        return not app and self.vendors.manifest(plugin_id).app_webhooks is not None

    def _permit(self, actor: Actor, app: bool) -> None:
        allow(actor, "integrations.write")
        if app or actor.tenant == OPERATOR:
            allow(actor, "operator")

    def _parse(
        self, plugin_id: str, given: Mapping[str, Any], stored: Any = None, *, app: bool
    ) -> Any:
        manifest = self.vendors.manifest(plugin_id)
        kind = manifest.app_settings if app else manifest.settings
        if kind is None:
            raise NotFound(f"{manifest.name} has no app-wide door")
        try:
            return parse_settings(kind, given, stored)
        except SettingsInvalid as error:
            named = {f"settings.{field}": why for field, why in error.problems.items()}
            raise Invalid(named) from None

    def _check(self, plugin_id: str, settings: Any, app: bool) -> Account:
        try:
            return self.vendors.check(plugin_id, settings, app=app)
        except (AuthRejected, Rejected) as error:
            field = f"settings.{error.field}" if error.field else "settings"
            raise Invalid({field: f"the vendor refused: {error}"}) from error
        except VendorError as error:
            raise Unavailable(f"the vendor could not be asked: {error}") from error

    def _audit(
        self,
        work: Work,
        event: str,
        installation: Installation,
        actor: Actor,
        now: datetime,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        work.audit.add(
            AuditEvent(event, actor, "installation", str(installation.id), now, before, after)
        )


def _after_failure(state: InstallationState, error: VendorError) -> InstallationState:
    if state is InstallationState.ACTIVE and isinstance(error, AuthRejected):
        return InstallationState.NEEDS_ATTENTION
    return state


def _after_success(state: InstallationState) -> InstallationState:
    return InstallationState.ACTIVE if state is InstallationState.NEEDS_ATTENTION else state
