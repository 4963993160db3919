"""Tags the example photographs with three vendors, emulated, and with what this machine measures,
and compares what the vendors say.

No account, no network: the requests are signed and sent over HTTP to this machine. Run it with
`make demo`.
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
PHOTOS = ROOT / "examples" / "photos"
OUT = ROOT / "demo"


def taggers(*arguments: str | Path) -> None:
    """Shows a command as one would type it, and runs it."""
    shown = [str(a.relative_to(ROOT)) if isinstance(a, Path) else a for a in arguments]
    print(f"$ taggers {shlex.join(shown)}", flush=True)
    subprocess.run([sys.executable, "-m", "taggers", *shown], cwd=ROOT, check=True)
    print(flush=True)


EMULATED = ("--emulate", "--fixtures", PHOTOS / "fixtures.toml")
BESIDE = ("-p", "huawei-tagging-v2", "-p", "tencent-detect-label", "-p", "local-basic")
VENDORS = ("-p", "huawei-tagging-v2", "-p", "tencent-detect-label", "-p", "google-vision")

if __name__ == "__main__":
    OUT.mkdir(exist_ok=True)
    taggers("providers")
    taggers(*EMULATED, "tag", PHOTOS, *BESIDE, "--limit", "5", "-f", "table")
    coffee = (PHOTOS / "coffee.jpg", "-p", "huawei-tagging-v2")
    taggers(*EMULATED, "tag", *coffee, "-f", "table", "--draw", OUT / "coffee.png")
    report = OUT / "report.html"
    prices, title = ROOT / "examples" / "taggers.toml", "Example photographs, at example prices"
    taggers(
        "--config", prices, *EMULATED, "compare", PHOTOS, *VENDORS, "-o", report, "--title", title
    )
    print(f"Open {OUT / 'coffee.png'} to see where coffee was seen,")
    print(f"and {report} to see where the vendors agree, where they don't, and what each costs.")
