"""The keys of `taggers.toml`, but for those that providers bring: what each takes.

The reader checks by these tables, and the JSON Schema is made of them.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from attrs import frozen

from ._image import FORMATS
from ._money import CURRENCIES, Money
from ._registry import nearest

__all__ = [
    "BATCH",
    "BUDGET",
    "HOSTS",
    "POLICY",
    "PROFILE",
    "ROUTE",
    "SERVICE",
    "STORE",
    "WHEN",
    "Key",
    "Number",
    "Text",
    "is_money",
]

MONEY = r"[0-9]{1,12}(\.[0-9]{1,30})? (" + "|".join(CURRENCIES) + ")"


@frozen(kw_only=True)
class Key:
    """One key: what it takes, and what it is for."""

    help: str
    required: bool = False

    def fault(self, value: Any) -> str | None:
        """What is wrong with a value, in words, or with its item, as in "[0]: …"; None where
        nothing is."""
        raise NotImplementedError

    def schema(self) -> dict[str, Any]:
        """The JSON Schema of its values."""
        raise NotImplementedError


@frozen(kw_only=True)
class Text(Key):
    """A text; of `choices` where there are some."""

    choices: tuple[str, ...] = ()

    def fault(self, value: Any) -> str | None:
        if self.choices and value not in self.choices:
            return _none_of(self.choices, value)
        return None if isinstance(value, str) and value else f"must be a text, not {value!r}"

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.choices)} if self.choices else {"type": "string", "minLength": 1}


@frozen(kw_only=True)
class Texts(Key):
    """A list of texts, with at least one; of `choices` where there are some."""

    choices: tuple[str, ...] = ()

    def fault(self, value: Any) -> str | None:
        if not isinstance(value, list):
            return f"must be a list of names in quotes, not {value!r}"
        if not value:
            return "is empty; name at least one"
        for index, item in enumerate(value):
            if not isinstance(item, str) or not item:
                return f"[{index}]: must be a name in quotes, not {item!r}"
            if self.choices and item not in self.choices:
                return f"[{index}]: {_none_of(self.choices, item)}"
        return None

    def schema(self) -> dict[str, Any]:
        items = Text(help=self.help, choices=self.choices).schema()
        return {"type": "array", "items": items, "minItems": 1}


@frozen(kw_only=True)
class Number(Key):
    """A number above 0, or from `least` on, up to `most`; `whole` ones only, where that is set."""

    least: float | None = None
    most: float | None = None
    whole: bool = False

    def fault(self, value: Any) -> str | None:
        kinds = int if self.whole else (int, float)
        good = isinstance(value, kinds) and not isinstance(value, bool)
        if good and self._in_range(value):
            return None
        kind = "whole number" if self.whole else "number"
        least = "above 0" if self.least is None else f"from {self.least:g}"
        most = "" if self.most is None else f" to {self.most:g}"
        return f"must be a {kind} {least}{most}, not {value!r}"

    def schema(self) -> dict[str, Any]:
        least = {"exclusiveMinimum": 0} if self.least is None else {"minimum": self.least}
        most = {} if self.most is None else {"maximum": self.most}
        return {"type": "integer" if self.whole else "number", **least, **most}

    def _in_range(self, value: float) -> bool:
        enough = value > 0 if self.least is None else value >= self.least
        most = sys.float_info.max if self.most is None else self.most
        return enough and value <= most  # and so neither infinite nor NaN


@frozen(kw_only=True)
class Numbers(Key):
    """A list of numbers from 0."""

    def fault(self, value: Any) -> str | None:
        number = Number(help=self.help, least=0)
        if not isinstance(value, list) or any(number.fault(item) for item in value):
            return f"must be a list of numbers from 0, not {value!r}"
        return None if any(value) else "must have a number above 0"

    def schema(self) -> dict[str, Any]:
        return {
            "type": "array",
            "items": {"type": "number", "minimum": 0},
            "contains": {"type": "number", "exclusiveMinimum": 0},
        }


@frozen(kw_only=True)
class YesNo(Key):
    """true or false."""

    def fault(self, value: Any) -> str | None:
        return None if isinstance(value, bool) else f"must be true or false, not {value!r}"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@frozen(kw_only=True)
class Amount(Key):
    """An amount of money, as in "50 CNY"."""

    def fault(self, value: Any) -> str | None:
        return None if is_money(value) else f'must be an amount as in "50 CNY", not {value!r}'

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{MONEY}$"}


@frozen(kw_only=True)
class Words(Key):
    """A table of texts by name."""

    def fault(self, value: Any) -> str | None:
        good = isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
        return None if good else f'must be a table as in {{ plan = "gold" }}, not {value!r}'

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": {"type": "string"}}


def _none_of(choices: tuple[str, ...], value: Any) -> str:
    return f"{value!r} is none of {', '.join(choices)}{nearest(str(value), choices)}"


def is_money(value: Any) -> bool:
    """Whether a value is an amount of money as it is written."""
    try:
        Money.parse(value)
    except (TypeError, ValueError):
        return False
    return True


POLICY: Mapping[str, Key] = {
    "attempts": Number(help="how often a request is sent at most", least=1, most=10, whole=True),
    "deadline_s": Number(help="the time for a whole call, in seconds"),
    "unknown": Text(
        help="what becomes of a request that was sent and not answered",
        choices=("raise", "retry-once"),
    ),
}
STORE: Mapping[str, Key] = {
    "folder": Text(help="where taggers keeps what it has to remember"),
    "share_limits": YesNo(help="limits hold for all processes of this machine together"),
    "cache": YesNo(help="keep answers, and give them again instead of asking"),
}
SERVICE: Mapping[str, Key] = {
    "concurrency": Number(help="how many calls at a time your account allows", least=1, whole=True),
    "rate_per_s": Number(help="how many calls a second your account allows", least=1, whole=True),
}
ROUTE: Mapping[str, Key] = {
    "strategy": Text(
        help="how the targets are put in order",
        choices=("fallback", "weighted", "cheapest", "fastest", "condition"),
    ),
    "targets": Texts(help="the providers and routes to ask", required=True),
    "weights": Numbers(help="weighted: how often each target comes first"),
    "paid_fallback": YesNo(help="go on also where the call may be billed, or an account is empty"),
    **POLICY,
    "budget": Amount(help="what a run may spend by this route"),
    "vendors": Texts(help="ask these vendors alone"),
    "regions": Texts(help='ask in these regions alone, as in "cn-*"'),
    "requires": Texts(
        help='what a target must offer: "boxes", "images", a language, a kind of tag'
    ),
    "shadow": Texts(help="candidates that a share of the calls is sent to as well"),
    "shadow_share": Number(help="that share, up to 1; a tenth without it", most=1),
}
WHEN: Mapping[str, Key] = {
    "use": Text(help="the target", required=True),
    "format": Texts(help="the picture is one of these", choices=FORMATS),
    "language": Texts(help="one of these is asked for"),
    "min_bytes": Number(help="the picture has at least so many bytes", least=0, whole=True),
    "max_bytes": Number(help="the picture has at most so many bytes", least=0, whole=True),
    "min_edge_px": Number(help="its longer edge has at least so many pixels", least=0, whole=True),
    "max_edge_px": Number(help="its longer edge has at most so many pixels", least=0, whole=True),
    "metadata": Words(help="the caller said so"),
}
BUDGET: Mapping[str, Key] = {
    "cap": Amount(help="what may be spent", required=True),
    "per": Text(
        help="the time in which it may be spent", choices=("run", "day", "month"), required=True
    ),
    "providers": Texts(help="what these spend; without it, all"),
    "routes": Texts(help="what is spent by these routes; without it, all"),
}
BATCH: Mapping[str, Key] = {
    "confirm_above": Amount(help="`taggers batch` asks before a run that may cost more than this"),
}
PROFILE = Text(help="a file of thresholds that `taggers tune` makes, beside this one")
HOSTS = Texts(help="hosts that may be sent your keys; only in your own file")
