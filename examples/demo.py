"""Tags the example photographs and draws one of them: no account, no network.

Run it with `make demo`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PHOTOS = ROOT / "examples" / "photos"
OUT = ROOT / "demo"


def taggers(*arguments: str | Path) -> None:
    """Shows a command as one would type it, and runs it."""
    shown = [str(a.relative_to(ROOT)) if isinstance(a, Path) else a for a in arguments]
    print(f"$ taggers {' '.join(shown)}", flush=True)
    subprocess.run([sys.executable, "-m", "taggers", *shown], cwd=ROOT, check=True)
    print(flush=True)


if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    taggers("providers")
    taggers("tag", PHOTOS, "-p", "local-basic", "--limit", "6", "-f", "table")
    taggers(
        "tag", PHOTOS / "coffee.jpg", "-p", "local-basic", "-f", "table",
        "--draw", OUT / "coffee.png",
    )  # fmt: skip
    print(f"Open {OUT / 'coffee.png'} to see what was drawn.")
