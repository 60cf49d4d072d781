"""The beginning: every table, its wall, and the few doors in it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None

_SQL = Path(__file__).parent
_HEADS = """and not exists (
                select from public.outbox e
                where e.tenant_id = t.tenant_id and e.mailbox = t.mailbox
                and e.position < t.position
                and e.state in ('ready', 'sending', 'unknown', 'parked')
            )"""
_ID = {"id": "uuid"}
_DUE = {
    # name: table, its key, a condition, the columns that are answered
    "inbox": ("inbox", _ID, "", _ID),
    "outbox": ("outbox", _ID, _HEADS, {"mailbox": "text"}),
    "turns": ("turns", _ID, "", _ID),
    "snoozes": ("conversations", _ID, "", _ID),
    "sync": ("sync", sync := {"installation_id": "uuid", "stream": "text"}, "", sync),
    "parcels": ("parcels", parcel := {"carrier_id": "uuid", "number": "text"}, "", parcel),
}


def upgrade() -> None:
    for part in ("roles", "tables", "walls", "directory", "ingest"):
        _run(f"0001_{part}.sql")
    for name, (table, key, only, answers) in _DUE.items():
        _run(
            "0001_due.sql",
            name=name,
            table=table,
            returns=", ".join(f"{column} {kind}" for column, kind in answers.items()),
            key=", ".join(f"t.{column}" for column in key),
            held=", ".join(f"h.{column}" for column in key),
            names=", ".join(key),
            only=only,
            answers=", ".join(f"t.{column}" for column in answers),
        )
    _run("0001_doors.sql")


def _run(file: str, /, **words: str) -> None:
    """Several statements at once, which only the simple protocol takes."""
    sql = (_SQL / file).read_text()
    for word, value in words.items():
        sql = sql.replace("{" + word + "}", value)
    connection = op.get_bind().connection.driver_connection
    assert connection is not None, "migrations run on a connection"
    connection.execute(sql)
