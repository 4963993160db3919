"""What the vendor insists on with everybody: its limits, its clock, its keys, its tokens."""

from __future__ import annotations

import calendar
import hashlib
import re
import time
from collections import deque
from typing import Any

from attrs import define, field, frozen

from .plan import SECRET, Rules
from .wire import Exchange

__all__ = ["Gatekeeper", "Refusal"]

_SIGNED = re.compile(r"SignedHeaders=([^,]+), *Signature=([0-9a-f]{64})")


@frozen
class Refusal:
    """The vendor's error."""

    code: str
    text: str
    status: int

    @property
    def said(self) -> dict[str, str]:
        return {"error_code": self.code, "error_msg": self.text}


@define
class Gatekeeper:
    """Lets requests in as the rules say. `inside` counts those under way."""

    rules: Rules
    inside: int = 0
    first: float | None = None
    tokens: dict[str, int] = field(factory=dict)
    _let_in: deque[float] = field(factory=deque)

    def refuse(self, exchange: Exchange) -> Refusal | None:
        """Why a request is turned away; None where it is let in."""
        now = time.monotonic()
        self.first = now if self.first is None else self.first
        return self._outage(now) or self._credential(exchange) or self._crowd(now)

    def token(self) -> str:
        """A new token."""
        name = f"token-{len(self.tokens)}"
        self.tokens[name] = self.rules.token_lives or 1_000_000
        return name

    def clock(self) -> float:
        """The Unix time here, in s."""
        return time.time() + self.rules.clock_s

    def _outage(self, now: float) -> Refusal | None:
        assert self.first is not None
        begins, ends = self.rules.outage_s or (0.0, 0.0)
        if begins <= now - self.first < ends:
            return Refusal("APIG.0202", "Backend unavailable", 502)
        return None

    def _crowd(self, now: float) -> Refusal | None:
        rules = self.rules
        if rules.concurrency is not None and self.inside > rules.concurrency:
            said = "The number of concurrent requests exceeds the limit"
            return Refusal("APIG.0308", said, rules.throttle_status)
        if rules.rate_per_s is None:
            return None
        while self._let_in and self._let_in[0] <= now - 1:
            self._let_in.popleft()
        if len(self._let_in) >= rules.rate_per_s:
            text = f"policy user over ratelimit,limit:{rules.rate_per_s},time:1 second"
            said = f"The throttling threshold has been reached: {text}"
            return Refusal("APIG.0308", said, rules.throttle_status)
        self._let_in.append(now)
        return None

    def _credential(self, exchange: Exchange) -> Refusal | None:
        if token := exchange.headers.get("x-auth-token"):
            return self._by_token(token)
        return self._by_signature(exchange) if self.rules.fresh_s is not None else None

    def _by_token(self, token: str) -> Refusal | None:
        if self.tokens.get(token, 0) < 1:
            return _unauthenticated("token must be updated", "APIG.0307")
        self.tokens[token] -= 1
        return None

    def _by_signature(self, exchange: Exchange) -> Refusal | None:
        date = exchange.headers.get("x-sdk-date", "")
        signed_at = calendar.timegm(time.strptime(date, "%Y%m%dT%H%M%SZ"))
        if abs(self.clock() - signed_at) > (self.rules.fresh_s or 0.0):
            return _unauthenticated("signature expired")
        if _made(exchange) != _SIGNED.search(exchange.headers["authorization"])[2]:  # type: ignore[index]
            return _unauthenticated("verify aksk signature fail")
        return None


def _made(exchange: Exchange) -> str:
    """The signature that the request should have."""
    from taggers_huawei._sign import signature

    found: Any = _SIGNED.search(exchange.headers["authorization"])
    names = found[1].split(";")
    signed = {name: exchange.headers[name] for name in names}
    url = f"http://{exchange.headers['host']}{exchange.target}"
    return signature("POST", url, signed, hashlib.sha256(exchange.body).hexdigest(), SECRET)


def _unauthenticated(reason: str, code: str = "APIGW.0301") -> Refusal:
    return Refusal(code, f"Incorrect IAM authentication information: {reason}", 401)
