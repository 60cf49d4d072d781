"""How laws are searched for a counterexample: the same in every run, and quickly."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

law = settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow],
)
