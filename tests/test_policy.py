"""What a policy takes."""

from __future__ import annotations

import math
from typing import Any

import pytest

from taggers import Policy
from taggers.errors import InvalidInput


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"attempts": 0}, "attempts must be a whole number from 1, not 0"),
        ({"attempts": True}, "attempts must be a whole number from 1, not True"),
        ({"attempts": "3"}, "attempts must be a whole number from 1, not '3'"),
        ({"deadline_s": math.nan}, "deadline_s must be a number of seconds, not nan"),
        ({"deadline_s": "30"}, "deadline_s must be a number of seconds, not '30'"),
        ({"cap_s": -1}, "cap_s must be a number from 0, not -1"),
        ({"unknown": "retry"}, "unknown must be 'raise' or 'retry-once', not 'retry'"),
    ],
)
def test_a_policy_is_checked_when_it_is_made(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Policy(**given)

    assert message == caught.value.message
