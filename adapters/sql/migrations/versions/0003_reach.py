"""Reach: whoever does not reach every conversation sees theirs, their teams' and nobody's."""

from __future__ import annotations

from adapters.sql.migrations.script import run

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run("0003_reach.sql")
