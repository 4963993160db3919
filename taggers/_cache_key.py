"""What an answer is kept under: all that its request is made of.

That is the picture's SHA-256, the options as they were given, and the provider's name, plugin,
version, address and settings. A request is a pure function of these, but for the random name and
the time that some hold; so they stand for the whole of it. Of secrets only a fingerprint goes in:
nobody has an answer that another credential paid for, and the file helps nobody to guess a
password.

There is no key for a URL, where another picture may stand tomorrow; for an image search, whose
library changes; for providers on this machine, which cost nothing; and for a machine's own
identity, which its settings do not name.
"""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any

import attrs
from attrs import define, field, frozen

from ._image import Image
from ._model import Options
from ._resolve import Target
from ._settings import Secret
from ._shared import Shared, fingerprint

__all__ = ["Question", "asked", "key_of"]


@frozen
class Question:
    """What is asked, as canonical JSON without any secret, and the secrets it is asked with."""

    text: str
    secrets: tuple[tuple[str, Secret], ...]


def asked(target: Target, image: Image, options: Options) -> Question | None:
    """What a call asks; None where its answer is not kept."""
    provider, settings = target.provider, target.settings
    address = provider.address(settings)
    if address is None or provider.library is not None or image.sha256 is None:
        return None
    secret = {name: value for name, value in settings.items() if isinstance(value, Secret)}
    if not secret and provider.sign_in(settings) is not None:
        return None
    chosen = attrs.asdict(options, recurse=False)
    question = {
        "job": "tag",
        "image": image.sha256,
        "options": {**chosen, "native": dict(options.native)},
        "provider": (provider.name, target.plugin, target.plugin_version),
        "address": address,
        "settings": {name: value for name, value in settings.items() if name not in secret},
    }
    try:
        text = json.dumps(question, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError):  # what JSON cannot hold tells nothing apart
        return None
    return Question(text, tuple(sorted(secret.items())))


def key_of(question: Question, salt: bytes) -> bytes:
    """The key of a question in a cache with this salt, the same in every process. It may take
    50 ms, once for each credential."""
    return hashlib.sha256(question.text.encode() + _used(question, salt)).digest()


@define(eq=False)
class _Fingerprint:
    """What tells a credential from others: slow to compute, so it is done once in a process."""

    _made: bytes | None = None
    _lock: Any = field(factory=threading.Lock)

    def of(self, salt: bytes, secret: bytes) -> bytes:
        with self._lock:
            if self._made is None:
                self._made = hashlib.scrypt(secret, salt=salt, n=2**14, r=8, p=1, dklen=32)
            return self._made


_FINGERPRINTS = Shared(_Fingerprint)


def _used(question: Question, salt: bytes) -> bytes:
    """The fingerprint of the secrets."""
    texts = [(name, secret.reveal()) for name, secret in question.secrets]
    shared = _FINGERPRINTS.of((salt.hex(), fingerprint(texts)))
    return shared.of(salt, json.dumps(texts).encode())
