"""People: who they are, how they prove it, and what a seller lets them do."""

from __future__ import annotations

from adapters.sql.migrations.script import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    for part in ("tables", "walls", "directory"):
        run(f"0002_{part}.sql")
    run(
        "0001_due.sql",
        name="letters",
        table="letters",
        returns="id uuid",
        key="t.id",
        held="h.id",
        names="id",
        only="",
        answers="t.id",
    )
    run("0001_doors.sql")
