"""What counts: the ledger's word against that of taggers, call for call."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence

from attrs import frozen

from .ledger import Book
from .outcome import Outcome, Report
from .plan import SPARED

__all__ = ["Seen"]


@frozen
class Seen:
    """A scenario that was run: the server's book (all servers' books) and the workers' reports."""

    calls: int
    books: Sequence[Book]
    reports: Sequence[Report]

    @property
    def book(self) -> Book:
        """The first server's."""
        return self.books[0]

    @property
    def outcomes(self) -> list[Outcome]:
        return [outcome for report in self.reports for outcome in report.outcomes]

    @property
    def errors(self) -> Counter[str | None]:
        """How the calls ended; None is an answer."""
        return Counter(outcome.error for outcome in self.outcomes)

    @property
    def answered(self) -> int:
        return self.errors[None]

    @property
    def unanswered(self) -> int:
        return self.calls - self.answered

    @property
    def lost(self) -> int:
        """Calls that ended in neither an answer of their own nor one of taggers' errors, or of
        which it is reported wrongly what was billed."""
        ended = {outcome.call for outcome in self.outcomes if outcome.typed and outcome.right}
        wrong = {outcome.call for outcome in self.outcomes if not self._true(outcome)}
        return self.calls - len(ended - wrong)

    @property
    def twice(self) -> int:
        """Calls of which the work was done more than once."""
        return sum(self.billed(outcome) > 1 for outcome in self.outcomes)

    @property
    def unknown(self) -> int:
        """Calls of which taggers reports that they may have been billed."""
        return sum(outcome.perhaps > 0 for outcome in self.outcomes)

    @property
    def unknown_there(self) -> int:
        """Calls with a request that a server read whole and did not answer."""
        heard = {outcome.call for outcome in self.outcomes}
        return sum(any(book.unanswered(call) for book in self.books) for call in heard)

    @property
    def p99_s(self) -> float:
        took = sorted(outcome.took_s for outcome in self.outcomes)
        return took[math.ceil(0.99 * len(took)) - 1] if took else 0.0

    @property
    def slowest_s(self) -> float:
        return max((outcome.took_s for outcome in self.outcomes), default=0.0)

    @property
    def requests(self) -> int:
        """How many came to the servers for these calls, and for none that was read."""
        came = (asked.call for book in self.books for asked in book.requests)
        return sum(call is None or call < SPARED for call in came)

    def billed(self, outcome: Outcome) -> int:
        """How often the work of a call was done, by all servers."""
        return sum(book.billed(outcome.call) for book in self.books)

    def untrue(self) -> Iterator[str]:
        """What taggers reports and no ledger has, or the other way round."""
        for outcome in self.outcomes:
            if not self._true(outcome):
                yield (
                    f"call {outcome.call} ended in {outcome.error or 'an answer'} and reports "
                    f"{outcome.surely} billed, perhaps {outcome.perhaps} more, in all "
                    f"{outcome.billed!r}; the ledger has {self.billed(outcome)}"
                )

    def _true(self, outcome: Outcome) -> bool:
        """Whether what a call reports agrees with the ledger and with itself."""
        if outcome.error == "CancelledError" or outcome.billed == "not said":
            return True  # whoever cancels a call gets no report, and other clients make none
        least, most = outcome.surely, outcome.surely + outcome.perhaps
        word = "yes" if least else "maybe" if most else "no"
        return least <= self.billed(outcome) <= most and outcome.billed == word
