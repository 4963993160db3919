"""httpx without its command line, which would load rich and pygments: 40 ms of every cold start.

httpx does without it by itself where one of them is not installed.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["httpx"]

_modules: dict[str, Any] = sys.modules
_modules.setdefault("httpx._main", None)

import httpx  # noqa: E402

if _modules["httpx._main"] is None:
    del _modules["httpx._main"]
