"""That something was refused, and is not asked for again for a while."""

from __future__ import annotations

from attrs import frozen

from ._clock import Moment
from .errors import TaggersError

__all__ = ["Refusal"]


@frozen
class Refusal:
    """A vendor's error that is everybody's: what it was, when, and until when nobody asks again."""

    error: TaggersError
    at: Moment
    until: Moment

    def over(self, now: Moment) -> bool:
        """Whether it may be tried again."""
        return now.ticks >= self.until.ticks

    def unsent(self, now: Moment, says: str, hint: str | None = None) -> TaggersError:
        """The error of a call that is not sent for this; `says` has places for `at`, `until`."""
        error = self.error
        return type(error)(
            f"{says.format(at=self.at, until=self.until)}: {error.message}",
            hint=error.hint or hint,
            code=error.code,
            outcome="not sent",
            billed="no",
            scope=error.scope,
            fallback=error.fallback,
            retry="never",
            retry_after_s=self.until.ticks - now.ticks,
        )
