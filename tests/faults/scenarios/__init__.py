"""All scenarios, in the order of the faults' numbers."""

from __future__ import annotations

from ..scenario import Scenario
from . import answering, batches, breaking, credentials, limits, mixed, reaching, routes

__all__ = ["SCENARIOS"]

SCENARIOS: list[Scenario] = sorted(
    (
        scenario
        for part in (reaching, breaking, answering, limits, credentials, routes, batches)
        for scenario in part.SCENARIOS
    ),
    key=lambda scenario: int(scenario.fault[1:]),
)
SCENARIOS += mixed.SCENARIOS
