"""A view of an answer that tells which places of it are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["traced"]

Seen = Callable[[str, Any], object]


def traced(body: Any, seen: Seen, path: str = "") -> Any:
    """The body as a view that tells `seen` each place which is read, as in `result.tags[0]`, and
    what is there."""
    if isinstance(body, dict):
        return _TracedDict(body, seen, path)
    if isinstance(body, list):
        return _TracedList(body, seen, path)
    return body


class _TracedDict(dict[str, Any]):
    def __init__(self, body: dict[str, Any], seen: Seen, path: str) -> None:
        super().__init__(body)
        self._seen, self._path = seen, path

    def _at(self, key: Any, value: Any) -> Any:
        place = f"{self._path}.{key}" if self._path else str(key)
        self._seen(place, value)
        return traced(value, self._seen, place)

    def __getitem__(self, key: Any) -> Any:
        self._at(key, None)
        return self._at(key, super().__getitem__(key))

    def get(self, key: Any, default: Any = None) -> Any:
        return self._at(key, super().get(key, default))

    def values(self) -> Any:
        return (self._at(key, value) for key, value in super().items())

    def items(self) -> Any:
        return ((key, self._at(key, value)) for key, value in super().items())


class _TracedList(list[Any]):
    def __init__(self, body: list[Any], seen: Seen, path: str) -> None:
        super().__init__(body)
        self._seen, self._path = seen, path

    def _at(self, index: int, value: Any) -> Any:
        place = f"{self._path}[{index}]"
        self._seen(place, value)
        return traced(value, self._seen, place)

    def __iter__(self) -> Any:
        return (self._at(index, value) for index, value in enumerate(super().__iter__()))

    def __getitem__(self, index: Any) -> Any:
        self._at(index, None)
        return self._at(index, super().__getitem__(index))
