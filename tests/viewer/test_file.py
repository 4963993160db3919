"""The file itself, without a browser."""

from __future__ import annotations

import re

from .sample import PLACE, VIEWER


def test_the_viewer_is_one_small_file_that_may_load_nothing() -> None:
    html = VIEWER.read_text("utf-8")

    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', html)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert "http" not in policy
    assert 1 == html.count(f"{PLACE}null</script>")
    assert 120_000 > len(html.encode())


def test_the_lock_names_no_place_to_download_from() -> None:
    lock = (VIEWER.parent.parent.parent / "viewer" / "package-lock.json").read_text("utf-8")

    assert '"resolved"' not in lock
    assert "registry" not in lock
