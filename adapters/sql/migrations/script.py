"""What a step runs: a file of SQL beside it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

_STEPS = Path(__file__).parent / "versions"


def run(file: str, /, **words: str) -> None:
    """Several statements at once, which only the simple protocol takes; `{word}`s are put in."""
    sql = (_STEPS / file).read_text(encoding="utf-8")
    for word, value in words.items():
        sql = sql.replace("{" + word + "}", value)
    connection = op.get_bind().connection.driver_connection
    assert connection is not None, "migrations run on a connection"
    connection.execute(sql)
