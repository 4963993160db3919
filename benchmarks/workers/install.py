"""taggers and what it depends on, installed into an empty folder: how much that is."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]


def _installed_bytes() -> int:
    """With the bytecode that pip compiles."""
    with tempfile.TemporaryDirectory() as folder:
        install = (sys.executable, "-m", "pip", "install", "--quiet", "--target", folder, str(ROOT))
        subprocess.run(install, check=True, capture_output=True)
        return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())


if __name__ == "__main__":
    print(json.dumps({"installed_bytes": _installed_bytes()}))
