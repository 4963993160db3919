"""Gates before credentials: a wrong key is tried once.

A few refusals lock a key for everybody who uses it. So until a vendor has taken a credential, one
call at a time goes through with it and the others wait; and one that was refused is let alone for
a while. The decisions are arithmetic: whoever asks says what time it is.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from typing import Any

from attrs import define, field

from ._clock import Moment
from ._provider import Provider
from ._refusal import Refusal
from ._settings import Settings
from ._shared import Key, Shared, fingerprint, server
from .errors import Authentication, TaggersError, UnknownVendorError

__all__ = ["GATES", "Gate", "credential", "signed_with"]

LOCKED_OUT_S = 300.0
"""How long a refused credential is not sent again, which is also how long Huawei locks a key."""
PROVING_S = 60.0
"""After this long a call that tries a credential counts as lost: its event loop may be dead."""


LET_ALONE = (
    "its key was refused at {at} and is not sent again before {until}, "
    "since repeated failures lock it for everybody"
)
CHECK = "check the key; another one is tried at once"


@define(eq=False)
class Gate:
    """Stands before one credential. Calls may come from several threads and event loops.

    A call `enter`s, says in `judge` what came of each request, and must `leave`, however it ends.
    """

    _proven: bool = False
    _refusal: Refusal | None = None
    _prover: tuple[object, float] | None = None
    _waiting: list[Future[None]] = field(factory=list)
    _lock: Any = field(factory=threading.Lock)

    def enter(self, who: object, now: Moment) -> Future[None] | None:
        """None: go on. Otherwise another call tries the credential: ask again when this is done.

        Raises the error in which the credential was refused.
        """
        with self._lock:
            if self._refusal is not None:
                if not self._refusal.over(now):
                    raise self._refusal.unsent(now, LET_ALONE, CHECK)
                self._refusal, self._proven = None, False
            if self._proven:
                return None
            if self._prover is None or now.ticks >= self._prover[1] + PROVING_S:
                self._prover = (who, now.ticks)
                return None
            turn: Future[None] = Future()
            self._waiting.append(turn)
            return turn

    def judge(self, error: TaggersError | None, now: Moment) -> None:
        """Notes whether the vendor took the credential; `error` is None where all was well."""
        with self._lock:
            if isinstance(error, Authentication):
                self._refusal = self._refusal or Refusal(error, now, now.later(LOCKED_OUT_S))
            elif error is None or _proves(error):
                self._proven = True
            else:
                return
        self._wake(None)

    def leave(self, who: object, error: TaggersError | None = None) -> bool:
        """Lets those who wait for this call ask again, or ends them in an error that is theirs too;
        False where it is not this call that tried the credential."""
        with self._lock:
            if self._prover is None or self._prover[0] is not who:
                return False
            self._prover = None
        self._wake(error)
        return True

    def _wake(self, error: TaggersError | None) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, []
        for turn in waiting:
            if not turn.set_running_or_notify_cancel():
                continue
            if error is None:
                turn.set_result(None)
            else:
                turn.set_exception(error)


def _proves(error: TaggersError) -> bool:
    """Whether a vendor that answers so has looked at the credential and found it good."""
    answered = error.outcome == "rejected" and not isinstance(error, UnknownVendorError)
    return answered and error.scope in ("call", "image", "account")


GATES = Shared(Gate)


def credential(provider: Provider, settings: Settings, address: str) -> Key | None:
    """What a provider is asked with, and where; None where it is asked with nothing."""
    values = signed_with(provider, settings)
    return (server(address), fingerprint((provider.vendor, values))) if values else None


def signed_with(provider: Provider, settings: Settings) -> list[tuple[str, Any]]:
    """The settings that sign a provider's requests, by name, as far as they are set."""
    named = {name for way in provider.credentials for name in way}
    secret = {setting.name for setting in provider.settings if setting.secret}
    return [(name, settings[name]) for name in sorted(named | secret) if settings.get(name)]
