"""`taggers.toml`: what it means, and every mistake in it with its place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from taggers import Policy, Tagger
from taggers._config import Prices, Store
from taggers._config_file import load
from taggers._config_schema import config_schema
from taggers._keys import Keys, keys_path, store
from taggers._limits import Limits
from taggers._money import Money
from taggers._registry import installed
from taggers._resolve import Target, resolve
from taggers._routes import When
from taggers.errors import ConfigurationError

EXAMPLE = """
default = "tags"

[providers.hw]
plugin = "huawei-tagging-v2"
region = "cn-north-4"
project_id = "${HUAWEICLOUD_SDK_PROJECT_ID}"

[providers.tx]
plugin = "tencent-detect-label"
bucket = "photos-1250000000"
region = "ap-guangzhou"
scenes = ["camera"]

[routes.tags]
strategy = "fallback"
targets = ["hw", "tx", "local-basic"]
"""

HUAWEI = {
    "HUAWEICLOUD_SDK_AK": "AK",
    "HUAWEICLOUD_SDK_SK": "SK",
    "HUAWEICLOUD_SDK_PROJECT_ID": "project",
}


def _file(folder: Path, text: str, name: str = "taggers.toml") -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def _faults(folder: Path, text: str) -> list[str]:
    """The mistakes that loading this text reports, without the file's name."""
    path = _file(folder, text)
    with pytest.raises(ConfigurationError) as caught:
        load(path)
    return [line.removeprefix(f"{path}: ") for line in caught.value.message.splitlines()]


def _target(path: Path, name: str, environment: dict[str, str], **arguments: Any) -> Target:
    return resolve(name, load(path), Keys.load(environment), installed(), arguments)


def test_the_example_is_read(tmp_path: Path) -> None:
    config = load(_file(tmp_path, EXAMPLE))

    assert "tags" == config.default
    assert "huawei-tagging-v2" == config.services["hw"].plugin
    assert config.routes["tags"].targets == ("hw", "tx", "local-basic")


def test_every_mistake_is_reported_at_once_with_place_and_nearest_name(tmp_path: Path) -> None:
    faults = _faults(
        tmp_path,
        """
        defualt = "tags"
        trusted_hosts = ["evil.example.com"]
        [providers.hw]
        plugin = "huawei-taging-v2"
        [providers.hw2]
        plugin = "huawei-tagging-v2"
        region = "cn-nroth-4"
        projectid = "p"
        sk = "in plain text"
        [providers.tx]
        plugin = "tencent-detect-label"
        bucket = "photos"
        scenes = ["camera", "sky"]
        [providers.none]
        region = "x"
        [routes.tags]
        strategy = "falback"
        targets = ["hw2", "tencent-detect-lable"]
        [routes.empty]
        """,
    )

    expected = [
        "defualt: there is no such key; did you mean 'default'?",
        "providers.hw.plugin: there is no provider 'huawei-taging-v2'; "
        "did you mean 'huawei-tagging-v2'?",
        "providers.hw2.projectid: there is no such key; did you mean 'project_id'?",
        "providers.hw2.region: 'cn-nroth-4' is none of cn-north-4, cn-east-3, cn-north-1, "
        "ap-southeast-1, ap-southeast-3; did you mean 'cn-north-4'?",
        "providers.hw2.sk: is a secret and may not stand here; "
        'write "${HUAWEICLOUD_SDK_SK}" and run: taggers keys set HUAWEICLOUD_SDK_SK',
        "providers.tx.bucket: 'photos' does not look like one "
        r"(it must match [a-z0-9][a-z0-9-]*-\d+)",
        "providers.tx.scenes: 'sky' is none of web, camera, album, news, nonecam, product",
        'providers.none.plugin: is missing; write plugin = "PROVIDER"',
        "routes.tags.strategy: 'falback' is none of fallback, weighted, cheapest, fastest, "
        "condition; did you mean 'fallback'?",
        "routes.empty.targets: is missing; it takes the providers and routes to ask",
        "routes.tags.targets[1]: there is no 'tencent-detect-lable'; "
        "did you mean 'tencent-detect-label'?",
    ]
    assert set(expected) <= set(faults)
    assert 1 == len([fault for fault in faults if fault.startswith("trusted_hosts: only your own")])
    assert len(expected) + 1 == len(faults)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("default = ", "it is not TOML"),
        ("policy = 5", "policy: must be a table [policy], not 5"),
        ("[policy]\nattempts = 0", "policy.attempts: must be a whole number from 1 to 10, not 0"),
        ("[policy]\ndeadline_s = 0", "policy.deadline_s: must be a number above 0, not 0"),
        ('[policy]\nunknown = "retry"', "is none of raise, retry-once; did you mean 'retry-once'?"),
        ("[store]\nshare_limits = 1", "store.share_limits: must be true or false, not 1"),
        ("[providers.huawei-bgm]\nconcurrency = 0", "concurrency: must be a whole number from 1,"),
        ('[budgets.a]\ncap = "50"\nper = "day"', 'budgets.a.cap: must be an amount as in "50 CNY"'),
        ('[budgets.a]\ncap = "5 CNY"', "budgets.a.per: is missing; it takes the time in which"),
        ("[batch]\nconfirm_above = 5", 'batch.confirm_above: must be an amount as in "50 CNY"'),
        ('[batch]\nconfirm = "5 CNY"', "batch.confirm: there is no such key"),
        ('[budgets.a]\ncap = "5 CNY"\nper = "week"', "per: 'week' is none of run, day, month"),
        (
            '[budgets.a]\ncap = "5 CNY"\nper = "day"\nproviders = ["huawei-bg"]',
            "budgets.a.providers: there is no 'huawei-bg'; did you mean 'huawei-bgm'?",
        ),
        (
            '[prices]\nhuawei-bgm = "free"',
            'prices.huawei-bgm: must be an amount as in "0.0012 CNY"',
        ),
        ("[prices]\ncny_per_usd = -1", "prices.cny_per_usd: must be a number above 0, not -1"),
        ('[prices]\nhuawei-bg = "1 CNY"', "prices.huawei-bg: there is no 'huawei-bg'; did you"),
        ('[routes.a]\ntargets = ["a"]', "routes.a: it leads back to itself: a → a"),
        (
            '[routes.a]\ntargets = ["b"]\n[routes.b]\ntargets = ["huawei-bgm", "a"]',
            "routes.a: it leads back to itself: a → b → a",
        ),
        (
            '[routes.huawei-bgm]\ntargets = ["local-basic"]',
            "huawei-bgm is a provider; take another",
        ),
        (
            '[routes.a]\ntargets = ["huawei-bgm"]\nweights = [1]',
            'routes.a.weights: goes with strategy = "weighted"',
        ),
        (
            '[routes.a]\ntargets = ["huawei-bgm"]\nstrategy = "weighted"\nweights = [1, 2]',
            "routes.a.weights: has 2 for 1 targets",
        ),
        (
            '[routes.a]\ntargets = ["huawei-bgm"]\nstrategy = "condition"',
            "routes.a.when: is missing; write a rule as a table [[routes.a.when]]",
        ),
        (
            '[routes.a]\ntargets = ["local-basic"]\nstrategy = "condition"\n'
            '[[routes.a.when]]\nuse = "local-basi"\nformats = ["png"]',
            "routes.a.when[0].formats: there is no such key; did you mean 'format'?",
        ),
        ('[routes.a]\ntargets = ["local-basic"]\nshadow = ["x"]', "routes.a.shadow: there is no"),
        (
            '[routes.a]\ntargets = ["local-basic"]\nshadow_share = 2',
            "routes.a.shadow_share: must be a number above 0 to 1, not 2",
        ),
        ("default = 5", "default: must be a text, not 5"),
        ("providers = 5", "providers: must be tables like [providers.NAME], not 5"),
        ("[providers]\nhw = 5", "providers.hw: must be a table [providers.hw], not 5"),
        ("[routes.a]\ntargets = []", "routes.a.targets: is empty; name at least one"),
        ("[routes.a]\ntargets = [7]", "routes.a.targets[0]: must be a name in quotes, not 7"),
        (
            '[providers.local-basic]\nplugin = "huawei-tagging-v2"',
            "providers.local-basic: local-basic is an installed provider; take another name",
        ),
        (
            '[providers.a]\nplugin = "huawei-taging-v2"\nsk = "in plain text"',
            "providers.a.sk: is a secret and may not stand here",
        ),
        ('default = "hwx"', "default: there is no 'hwx'"),
        ("[policy]\ndeadline_s = inf", "policy.deadline_s: must be a number above 0, not inf"),
        (
            '[routes.a]\ntargets = ["huawei-bgm"]\nstrategy = "weighted"\nweights = [inf]',
            "routes.a.weights: must be a list of numbers from 0, not [inf]",
        ),
        (
            '[routes.a]\ntargets = ["local-basic"]\nshadow_share = 0.5',
            "routes.a.shadow_share: goes with shadow",
        ),
        (
            '[routes.a]\ntargets = ["local-basic"]\nshadow = ["a"]',
            "routes.a.shadow: it is its own; name another",
        ),
        (
            '[routes.a]\ntargets = ["local-basic"]\nstrategy = "condition"\n'
            '[[routes.a.when]]\nuse = "local-basic"\nformat = ["png", "jpg"]',
            "routes.a.when[0].format[1]: 'jpg' is none of jpeg, png, gif, bmp, webp, tiff, avif, "
            "heic; did you mean 'jpeg'?",
        ),
        (
            '[routes.a]\ntargets = ["local-basic"]\nstrategy = "condition"\n'
            '[[routes.a.when]]\nuse = "local-basic"\nmin_bytes = 2\nmax_bytes = 1',
            "routes.a.when: local-basic: min_bytes is more than max_bytes",
        ),
        ('[providers.hw]\nplugin = "huawei-tagging-v2"\nregion = 4', "must be a text, not 4"),
    ],
)
def test_a_mistake_of_kind_is_named(tmp_path: Path, text: str, says: str) -> None:
    assert says in "\n".join(_faults(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml: there is no such file"):
        load(tmp_path / "nowhere.toml")


def test_settings_come_from_argument_then_file_then_environment_then_default(
    tmp_path: Path,
) -> None:
    path = _file(tmp_path, '[providers.hw]\nplugin = "huawei-tagging-v2"\nregion = "cn-east-3"\n')
    environment = {**HUAWEI, "HUAWEICLOUD_REGION": "cn-north-1"}

    from_file = _target(path, "hw", environment).settings["region"]
    from_argument = _target(path, "hw", environment, region="ap-southeast-1").settings["region"]
    from_environment = _target(path, "huawei-tagging-v2", environment).settings["region"]
    from_default = _target(path, "huawei-tagging-v2", HUAWEI).settings["region"]

    assert [
        from_file,
        from_argument,
        from_environment,
        from_default,
    ] == ["cn-east-3", "ap-southeast-1", "cn-north-1", "cn-north-4"]


def test_two_accounts_of_one_vendor_stand_side_by_side(tmp_path: Path) -> None:
    path = _file(
        tmp_path,
        '[providers.other]\nplugin = "huawei-tagging-v2"\n'
        'ak = "${OTHER_AK}"\nsk = "${OTHER_SK}"\nproject_id = "p-${OTHER_AK}"\n',
    )
    environment = {**HUAWEI, "OTHER_AK": "second", "OTHER_SK": "s"}

    settings = _target(path, "other", environment).settings

    assert (settings.secret("ak"), settings["project_id"]) == ("second", "p-second")


def test_a_missing_key_names_the_variable_and_the_command(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        _target(_file(tmp_path, ""), "huawei-tagging-v2", {"HUAWEICLOUD_SDK_AK": "AK"})

    assert caught.value.message == (
        "huawei-tagging-v2: needs sk (or auth_token, or user and password and domain, "
        "or metadata, or [basic] in ~/.huaweicloud/credentials): set HUAWEICLOUD_SDK_SK, "
        "or run `taggers keys set HUAWEICLOUD_SDK_SK`\n"
        "huawei-tagging-v2: needs project_id: set HUAWEICLOUD_SDK_PROJECT_ID, "
        "or set it in taggers.toml"
    )
    assert "credential" == caught.value.scope


def test_an_unset_reference_is_named(tmp_path: Path) -> None:
    path = _file(
        tmp_path, '[providers.hw]\nplugin = "huawei-tagging-v2"\nproject_id = "${NOWHERE}"\n'
    )

    with pytest.raises(ConfigurationError, match="project_id refers to NOWHERE, which is not set"):
        _target(path, "hw", HUAWEI)


def test_an_unknown_provider_proposes_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'local-basic'"):
        _target(_file(tmp_path, ""), "local-basci", {})


def test_an_unknown_setting_is_named() -> None:
    with pytest.raises(ConfigurationError, match="huawei-tagging-v2 has no setting regoin"):
        Tagger("huawei-tagging-v2", regoin="x").check()


HOSTILE = '[providers.hw]\nplugin = "huawei-tagging-v2"\nendpoint = "https://evil.example.com"\n'


def test_a_projects_file_cannot_send_stored_keys_to_another_host(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"keys would be sent to evil\.example\.com"):
        _target(_file(tmp_path, HOSTILE), "hw", HUAWEI)


METADATA = "http://169.254.169.254"
AGENCY = f'[providers.hw]\nplugin = "huawei-tagging-v2"\nmetadata = "{METADATA}"\n'
PERSON = {"HW_USER_NAME": "me", "HW_USER_PASSWORD": "mine", "HW_DOMAIN_NAME": "ours"}


@pytest.mark.parametrize(
    ("table", "environment", "arguments"),
    [
        (HOSTILE, {"HUAWEICLOUD_METADATA": METADATA}, {}),
        (HOSTILE, {}, {"metadata": METADATA}),
        (f'{AGENCY}endpoint = "https://evil.example.com"\n', {}, {}),
        (AGENCY.replace("169.254.169.254", "evil.example.com"), {}, {}),
        (HOSTILE.replace("endpoint", "iam_endpoint"), PERSON, {}),
    ],
)
def test_a_projects_file_cannot_send_what_this_machine_gives_to_another_host(
    tmp_path: Path, table: str, environment: dict[str, str], arguments: dict[str, str]
) -> None:
    path = _file(tmp_path, f'{table}project_id = "p"\n')

    with pytest.raises(ConfigurationError, match=r"keys would be sent to evil\.example\.com"):
        _target(path, "hw", environment, **arguments)


def test_an_agencys_keys_go_to_the_vendor(tmp_path: Path) -> None:
    target = _target(_file(tmp_path, f'{AGENCY}project_id = "p"\n'), "hw", {})

    assert METADATA == target.settings["metadata"]


def test_keys_go_where_the_users_own_file_trusts(tmp_path: Path, home: Path) -> None:
    _file(home, 'trusted_hosts = ["*.example.com"]', "config.toml")
    config = load(home / "config.toml")
    config.services |= load(_file(tmp_path, HOSTILE)).services

    target = resolve("hw", config, Keys.load(HUAWEI), installed())

    assert "https://evil.example.com" == target.provider.address(target.settings)


@pytest.mark.parametrize(
    "endpoint", ["http://127.0.0.1:4567", "http://localhost:1", "http://[::1]:1"]
)
def test_keys_may_go_to_this_machine(tmp_path: Path, endpoint: str) -> None:
    path = _file(tmp_path, HOSTILE.replace("https://evil.example.com", endpoint))

    target = _target(path, "hw", HUAWEI)

    assert endpoint == target.provider.address(target.settings)


@pytest.mark.parametrize(
    "setting", ['region = "cn-north-4.evil.example.com/"', 'project_id = "a/../b"']
)
def test_a_setting_cannot_change_the_host_or_the_path(tmp_path: Path, setting: str) -> None:
    text = f'[providers.hw]\nplugin = "huawei-tagging-v2"\n{setting}\n'

    assert 1 == len(_faults(tmp_path, text))


def test_stored_keys_are_found_behind_the_environment() -> None:
    store(keys_path(), "HUAWEICLOUD_SDK_AK", 'quoted " and \\ 密')
    store(keys_path(), "HUAWEICLOUD_SDK_SK", "stored")

    keys = Keys.load({"HUAWEICLOUD_SDK_SK": "set"})

    assert keys.find("HUAWEICLOUD_SDK_AK") == ('quoted " and \\ 密', "keys.toml")
    assert keys.find("HUAWEICLOUD_SDK_SK") == ("set", "environment")
    assert 0o600 == keys_path().stat().st_mode & 0o777


def test_keys_that_others_can_read_are_refused() -> None:
    store(keys_path(), "A", "b")
    keys_path().chmod(0o644)

    with pytest.raises(ConfigurationError, match="chmod 600"):
        Keys.load({})


def test_the_users_own_file_is_read_first_and_the_nearest_projects_on_top(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _file(
        home,
        'default = "local-basic"\n[providers.hw]\nplugin = "huawei-tagging-v1"\n',
        "config.toml",
    )
    _file(tmp_path, '[providers.hw]\nplugin = "huawei-tagging-v2"\n')
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)

    config = load()

    assert (config.default, config.services["hw"].plugin) == ("local-basic", "huawei-tagging-v2")


def test_a_secret_shows_itself_nowhere(tmp_path: Path) -> None:
    environment = {**HUAWEI, "HUAWEICLOUD_SDK_SK": "s3cr3t"}

    target = _target(_file(tmp_path, ""), "huawei-tagging-v2", environment)

    assert "s3cr3t" not in repr(target) + str(target.settings) + str(dict(target.settings))
    assert "s3cr3t" == target.settings.secret("sk")


@pytest.mark.parametrize(
    ("written", "meant"), [("true", "yes"), ("false", "no"), ('"yes"', "yes"), ('"no"', "no")]
)
def test_yes_and_no_are_true_and_false_too(tmp_path: Path, written: str, meant: str) -> None:
    table = f'[providers.tx]\nplugin = "tencent-detect-label"\npresigned = {written}\n'
    environment = {
        "TENCENTCLOUD_SECRET_ID": "i",
        "TENCENTCLOUD_SECRET_KEY": "k",
        "TENCENTCLOUD_COS_BUCKET": "b-1",
    }

    settings = _target(_file(tmp_path, table), "tx", environment).settings
    jsonschema.validate(tomllib.loads(table), config_schema(installed()))

    assert meant == settings["presigned"]


def test_true_is_no_answer_where_more_is_asked(tmp_path: Path) -> None:
    text = '[providers.tx]\nplugin = "tencent-detect-label"\nprocess = true\n'

    assert ["providers.tx.process: must be a text, not True"] == _faults(tmp_path, text)


def test_the_schema_takes_the_example_and_refuses_a_typo() -> None:
    schema = config_schema(installed())
    good = tomllib.loads(EXAMPLE)
    bad = tomllib.loads(EXAMPLE.replace("scenes", "scnes"))

    jsonschema.validate(good, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, schema)


WHOLE = """
default = "tags"

[policy]
attempts = 2
deadline_s = 12.5
unknown = "retry-once"

[store]
folder = "kept"
share_limits = true
cache = true

[providers.hw]
plugin = "huawei-tagging-v2"
project_id = "p"
concurrency = 20
rate_per_s = 50

[routes.tags]
strategy = "weighted"
targets = ["hw", "rest"]
weights = [3, 1]
attempts = 1
deadline_s = 10
budget = "5 CNY"
shadow = ["local-basic"]
shadow_share = 0.1

[routes.rest]
strategy = "condition"
targets = ["local-basic"]
vendors = ["local", "Tencent"]
regions = ["cn-*"]
requires = ["boxes"]

[[routes.rest.when]]
use = "local-basic"
format = ["png"]
min_edge_px = 10
metadata = { plan = "gold" }

[budgets.nightly]
cap = "50 CNY"
per = "day"
providers = ["hw"]

[prices]
huawei-tagging-v2 = "0.0012 CNY"
cny_per_usd = 7.1
"""


def test_all_that_can_be_configured_is_read(tmp_path: Path) -> None:
    config = load(_file(tmp_path, WHOLE))

    rest, tags = config.routes["rest"], config.routes["tags"]
    assert Policy(attempts=2, deadline_s=12.5, unknown="retry-once") == config.policy
    assert Store(folder=tmp_path / "kept", share_limits=True, cache=True) == config.store
    assert Limits(20, 50) == config.services["hw"].limits
    assert ((3, 1), Money.parse("5 CNY"), 0.1) == (tags.weights, tags.budget, tags.shadow_share)
    assert (
        When(use="local-basic", format=("png",), min_edge_px=10, metadata={"plan": "gold"})
        == rest.when[0]
    )
    assert ["nightly", "route tags"] == [cap.name for cap in config.caps()]
    assert Prices({"huawei-tagging-v2": Money.parse("0.0012 CNY")}, 7.1) == config.prices


def test_the_schema_takes_all_that_can_be_configured() -> None:
    jsonschema.validate(tomllib.loads(WHOLE), config_schema(installed()))


ROUTE_WITH = '[routes.tags]\ntargets = ["local-basic"]\nstrategy = "weighted"\n'


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ('[providers.huawei-tagging-v2]\nproject_id = "p"', True),
        ('[providers.huawei-tagging-v2]\nprojectid = "p"', False),
        ('[providers.huawei-tagging-v2]\nplugin = "local-basic"', False),
        ('[providers.mine]\nplugin = "google-vision"\nfeatures = "${FEATURES}"', True),
        ('[providers.mine]\nplugin = "local-basic"\nendpoint = "http://localhost"', False),
        ("[providers.mine]\nconcurrency = 3", False),
        ('default = ""', False),
        ('[budgets.all]\nper = "run"\ncap = "1234567890123 CNY"', False),
        (ROUTE_WITH + "weights = [0]", False),
        (ROUTE_WITH + "weights = [0.5]", True),
        (ROUTE_WITH.replace("weighted", "fallback") + "weights = [1]", False),
        (ROUTE_WITH.replace("weighted", "condition"), False),
        (ROUTE_WITH.replace("weighted", "condition") + 'when = [{ use = "local-basic" }]', True),
        (ROUTE_WITH + 'when = [{ use = "local-basic" }]', False),
    ],
)
def test_the_schema_takes_what_the_reader_takes(text: str, good: bool, tmp_path: Path) -> None:
    try:
        load(_file(tmp_path, text))
    except ConfigurationError:
        assert not good
    else:
        assert good

    schema = jsonschema.Draft202012Validator(config_schema(installed()))
    assert good is schema.is_valid(tomllib.loads(text))


@pytest.mark.parametrize(
    "text",
    ["[policy]\ndeadline_s = inf", "[prices]\ncny_per_usd = inf", ROUTE_WITH + "weights = [inf]"],
)
def test_what_is_without_end_is_no_number(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"number.* not (\[inf\]|inf)"):
        load(_file(tmp_path, text))


def test_a_projects_file_cannot_lift_a_cap_of_the_users_own(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _file(home, '[budgets.mine]\ncap = "1 CNY"\nper = "day"', "config.toml")
    _file(tmp_path, '[budgets.mine]\ncap = "1000 CNY"\nper = "day"')
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match=r"budgets\.mine: your own file has one"):
        load()


def test_a_projects_file_cannot_change_the_prices_that_the_users_caps_count_by(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _file(home, '[budgets.mine]\ncap = "1 CNY"\nper = "day"', "config.toml")
    _file(tmp_path, '[prices]\nhuawei-bgm = "0 CNY"')
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match="prices: your own file sets budgets"):
        load()


def test_a_mistake_is_placed_in_the_file_that_makes_it(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = """
        default = "nobody"
        [budgets.mine]
        cap = "1 CNY"
        per = "day"
        routes = ["nowhere"]
        [prices]
        nothing = "1 CNY"
    """
    own = _file(home, users, "config.toml")
    _file(tmp_path, "[policy]\nattempts = 2")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError) as caught:
        load()

    assert [
        f"{own}: default: there is no 'nobody'",
        f"{own}: budgets.mine.routes: there is no 'nowhere'",
        f"{own}: prices.nothing: there is no 'nothing'",
    ] == [line.partition("; did")[0] for line in caught.value.message.splitlines()]


def test_a_cap_on_an_installed_provider_covers_the_users_own_names_for_it(tmp_path: Path) -> None:
    text = """
        [providers.hw]
        plugin = "huawei-tagging-v2"
        [budgets.a]
        cap = "1 CNY"
        per = "day"
        providers = ["huawei-tagging-v2"]
        [budgets.b]
        cap = "1 CNY"
        per = "day"
    """

    named, general = load(_file(tmp_path, text)).caps()

    assert ("huawei-tagging-v2", "hw") == named.providers
    assert general.providers is None


@pytest.mark.parametrize(
    ("name", "given", "expected"),
    [
        ("tags", None, Policy(attempts=5, deadline_s=60.0, unknown="retry-once")),
        ("hw", None, Policy(attempts=2, deadline_s=12.5)),
        ("tags", Policy(attempts=1, deadline_s=5.0), Policy(attempts=1, deadline_s=5.0)),
        ("tags", Policy(attempts=9, deadline_s=90.0), Policy(attempts=5, deadline_s=60.0)),
    ],
)
def test_a_route_says_more_than_the_policy_of_all_calls_and_the_program_more_than_both(
    tmp_path: Path, name: str, given: Policy | None, expected: Policy
) -> None:
    text = """
        [policy]
        attempts = 2
        deadline_s = 12.5
        [providers.hw]
        plugin = "huawei-tagging-v2"
        [routes.tags]
        targets = ["hw"]
        attempts = 5
        deadline_s = 60.0
        unknown = "retry-once"
    """

    policy = load(_file(tmp_path, text)).policy_of(name, given)

    assert (expected.attempts, expected.deadline_s) == (policy.attempts, policy.deadline_s)
    assert given is not None or expected == policy


def test_a_projects_file_cannot_move_the_ledger_of_the_users_caps(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _file(home, '[budgets.mine]\ncap = "1 CNY"\nper = "day"', "config.toml")
    _file(tmp_path, '[store]\nfolder = "elsewhere"')
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ConfigurationError, match=r"store\.folder: your own file sets budgets"):
        load()
