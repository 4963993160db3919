"""What every test stands on: no settings of the machine's own user, and the example pictures."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from taggers._shared import forget

ROOT = Path(__file__).parent.parent

# A job in the background of a shell ignores interrupts, and so would all that its tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder of settings: an empty one, and an environment without any of ours."""
    folder = tmp_path_factory.mktemp("home")
    for name in os.environ:
        if name.startswith(("TAGGERS_", "HUAWEICLOUD_", "HW_", "TENCENTCLOUD_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TAGGERS_HOME", str(folder))
    empty = folder / "credentials"
    empty.write_text("[basic]\n[default]\n")
    monkeypatch.setenv("HUAWEICLOUD_SDK_CREDENTIALS_FILE", str(empty))
    monkeypatch.setenv("TENCENTCLOUD_CREDENTIALS_FILE", str(empty))
    return folder


@pytest.fixture(autouse=True)
def stranger() -> None:
    """Nothing is known of any server: the next one may listen at the same port."""
    forget()


@pytest.fixture
def photos() -> Path:
    """The folder of the example photographs."""
    return ROOT / "examples" / "photos"
