"""How tests hold a server against its own OpenAPI document: with the cases that schemathesis makes of it."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.generation import GenerationMode


def tried(
    url: str,
    key: str,
    operation: Any,
    mode: GenerationMode,
    most: int,
    changed: Callable[[Any], None],
    but: tuple[Any, ...] = (),
) -> Counter[int]:
    """The statuses of `most` cases, each held against the document by all checks of schemathesis `but` these. `key` is the
    bearer's."""
    statuses: Counter[int] = Counter()
    headers = {"Authorization": f"Bearer {key}"}

    @settings(
        max_examples=most,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Any) -> None:
        changed(case)
        statuses[case.call_and_validate(base_url=url, headers=headers, excluded_checks=but).status_code] += 1

    send()
    return statuses
