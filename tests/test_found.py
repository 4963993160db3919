"""Which credentials are used: those of one place, whole."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from taggers._config_file import load
from taggers._keys import Keys
from taggers._registry import installed
from taggers._resolve import Target, resolve
from taggers.errors import ConfigurationError

NAMES = {
    "ak": "HUAWEICLOUD_SDK_AK",
    "sk": "HUAWEICLOUD_SDK_SK",
    "security_token": "HUAWEICLOUD_SDK_SECURITY_TOKEN",
    "auth_token": "HUAWEICLOUD_AUTH_TOKEN",
    "user": "HW_USER_NAME",
    "password": "HW_USER_PASSWORD",
    "domain": "HW_DOMAIN_NAME",
    "metadata": "HUAWEICLOUD_METADATA",
}
PERSON = ("user", "password", "domain")
METADATA = "http://169.254.169.254"


def _target(tmp_path: Path, **places: tuple[str, ...]) -> Target:
    """huawei-tagging-v2 where each of these places has these settings; each value says where it is
    from."""

    def values(place: str) -> dict[str, str]:
        given = places.get(place, ())
        return {name: METADATA if name == "metadata" else f"{place}-{name}" for name in given}

    table = "".join(f'{name} = "{_written(name)}"\n' for name in values("table"))
    config = tmp_path / "taggers.toml"
    config.write_text(f'[providers.hw]\nplugin = "huawei-tagging-v2"\nproject_id = "p"\n{table}')
    file = tmp_path / "credentials"
    lines = (f"{name} = {value}\n" for name, value in values("file").items())
    file.write_text(f"[basic]\n{''.join(lines)}")
    environment = {
        "HUAWEICLOUD_SDK_CREDENTIALS_FILE": str(file),
        **{f"MY_{name.upper()}": f"table-{name}" for name in NAMES},
        **{NAMES[name]: value for name, value in values("environment").items()},
    }
    stored = {NAMES[name]: value for name, value in values("stored").items()}
    arguments = values("argument")
    return resolve("hw", load(config), Keys(environment, stored), installed(), arguments)


def _written(name: str) -> str:
    """A value in the configuration, where secrets stand by their variables."""
    if name in ("user", "domain"):
        return f"table-{name}"
    return METADATA if name == "metadata" else f"${{MY_{name.upper()}}}"


def _used(target: Target) -> dict[str, str]:
    """The parts of credentials that are set, and where each is from."""
    shown: Mapping[str, Any] = {name: target.settings[name] for name in NAMES}
    texts = {
        name: value if isinstance(value, str) else value.reveal()
        for name, value in shown.items()
        if value is not None
    }
    return {name: text.partition("-")[0] for name, text in texts.items() if text != METADATA}


def _all(place: str, *names: str) -> dict[str, str]:
    return dict.fromkeys(names, place)


@pytest.mark.parametrize(
    ("places", "used"),
    [
        (
            {"argument": ("ak", "sk"), "environment": ("security_token",)},
            _all("argument", "ak", "sk"),
        ),
        ({"argument": ("ak", "sk"), "environment": ("auth_token",)}, _all("argument", "ak", "sk")),
        ({"argument": ("ak", "sk"), "file": ("security_token",)}, _all("argument", "ak", "sk")),
        (
            {"argument": ("ak", "sk"), "file": ("ak", "sk", "security_token")},
            _all("argument", "ak", "sk"),
        ),
        (
            {"environment": ("ak", "sk"), "file": ("ak", "sk", "security_token")},
            _all("environment", "ak", "sk"),
        ),
        (
            {"table": ("ak", "sk"), "environment": ("ak", "sk", "security_token")},
            _all("table", "ak", "sk"),
        ),
        (
            {"stored": ("ak", "sk"), "environment": ("security_token",)},
            _all("stored", "ak", "sk"),
        ),
        (
            {"environment": ("auth_token",), "stored": ("ak", "sk")},
            _all("environment", "auth_token"),
        ),
        ({"argument": PERSON, "file": ("ak", "sk")}, _all("argument", *PERSON)),
        ({"argument": PERSON, "environment": ("ak", "sk")}, _all("argument", *PERSON)),
        ({"argument": ("metadata",), "environment": ("ak", "sk")}, {}),
        (
            {"file": ("ak", "sk", "security_token")},
            _all("file", "ak", "sk", "security_token"),
        ),
        (
            {"argument": ("ak", "sk", "security_token"), "environment": ("ak", "sk")},
            _all("argument", "ak", "sk", "security_token"),
        ),
        (
            {"argument": ("ak", "sk", "auth_token")},
            _all("argument", "ak", "sk", "auth_token"),
        ),
        # A user's name is no secret, and a secret has no place in the configuration.
        (
            {"table": ("user", "domain"), "environment": ("password",)},
            {**_all("table", "user", "domain"), "password": "environment"},
        ),
        ({"table": ("user", "domain"), "stored": ("ak", "sk")}, _all("stored", "ak", "sk")),
        # Where no place has a whole one, several may have it together, and nothing else.
        (
            {"environment": ("ak",), "stored": ("sk",), "file": ("security_token",)},
            {"ak": "environment", "sk": "stored"},
        ),
    ],
    ids=str,
)
def test_a_credential_comes_whole_from_the_first_place_that_has_it(
    tmp_path: Path, places: dict[str, tuple[str, ...]], used: dict[str, str]
) -> None:
    assert used == _used(_target(tmp_path, **places))


@pytest.mark.parametrize(
    ("places", "says"),
    [
        (
            {"argument": ("ak",), "environment": ("ak", "sk")},
            "ak is set by argument, and ak and sk",
        ),
        (
            {"argument": ("security_token",), "environment": ("ak", "sk")},
            r"security_token is set by argument, and ak and sk by HUAWEICLOUD_SDK_\wK "
            r"\(environment\): set all in one place",
        ),
        (
            {"table": ("sk",), "file": ("ak", "sk")},
            r"sk is set by .*taggers.toml, and ak and sk by",
        ),
        ({"argument": ("user",), "stored": ("ak", "sk")}, "user is set by argument, and"),
    ],
    ids=str,
)
def test_what_was_given_explicitly_is_not_left_out_in_silence(
    tmp_path: Path, places: dict[str, tuple[str, ...]], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        _target(tmp_path, **places)


def test_an_unset_reference_is_not_made_up_for_by_another_place(tmp_path: Path) -> None:
    config = tmp_path / "taggers.toml"
    config.write_text(
        '[providers.tx]\nplugin = "tencent-detect-label"\nbucket = "b-1"\n'
        'secret_id = "${MY_ID}"\nsecret_key = "${MY_KEY}"\n'
    )
    environment = {"TENCENTCLOUD_SECRET_ID": "i", "TENCENTCLOUD_SECRET_KEY": "k", "MY_ID": "mine"}

    with pytest.raises(ConfigurationError, match="secret_key refers to MY_KEY, which is not set"):
        resolve("tx", load(config), Keys(environment, {}), installed())


def test_a_stale_session_token_does_not_go_with_another_key(tmp_path: Path) -> None:
    environment = {"TENCENTCLOUD_TOKEN": "stale"}
    config = tmp_path / "taggers.toml"
    config.write_text("")
    given = {"secret_id": "i", "secret_key": "k", "bucket": "b-1"}

    target = resolve(
        "tencent-detect-label", load(config), Keys(environment, {}), installed(), given
    )

    assert target.settings["token"] is None
