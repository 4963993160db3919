"""The vendors' error tables: what each code becomes, and what may be done about it."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from taggers_clarifai._faults import ERRORS as CLARIFAI
from taggers_huawei._faults import ERRORS as HUAWEI
from taggers_tencent._faults import API3_ERRORS as API3
from taggers_tencent._faults import ERRORS as COS

from taggers import errors
from taggers._wire import Response
from taggers.plugin import Errors, Rule, VendorError


def _huawei(code: str, status: int = 400, message: str = "text") -> errors.TaggersError:
    found = HUAWEI.find({"error_code": code, "error_msg": message}, Response(status=status))
    assert found is not None
    return found


def _cos(code: str, message: str = "text", status: int = 400) -> errors.TaggersError:
    found = COS.find({"Error": {"Code": code, "Message": message}}, Response(status=status))
    assert found is not None
    return found


@pytest.mark.parametrize("prefix", ["APIG", "APIGW"])
@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("Incorrect IAM authentication information: ak A not exist", errors.Authentication),
        ("verify aksk signature fail, canonicalRequest:GET|/", errors.Authentication),
        (
            "calc aksk signature fail:signature expired, signature time:20211217T064303Z,"
            "server time:20211217T065804Z",
            errors.ClockSkew,
        ),
        ("decrypt token fail, token expires", errors.TokenExpired),
        ("AK access failed to reach the limit,forbidden", errors.CredentialLocked),
        ("the account is in arrears", errors.AccountSuspended),
    ],
)
def test_huaweis_one_code_for_credentials_is_told_apart(
    prefix: str, message: str, kind: type[errors.TaggersError]
) -> None:
    found = _huawei(f"{prefix}.0301", 401, message)

    assert kind is type(found)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.InvalidRequest),
        (413, errors.PayloadTooLarge),
        (500, errors.ServerFault),
        (502, errors.Unavailable),
        (504, errors.OutcomeUnknown),
    ],
)
def test_huaweis_0201_is_told_apart_by_the_status(
    status: int, kind: type[errors.TaggersError]
) -> None:
    assert kind is type(_huawei("APIG.0201", status))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("policy ip over ratelimit,limit:5,time:1 minute", 60.0),
        ("policy user over ratelimit,limit:10,time:1 second", 1.0),
        ("policy app over ratelimit,limit:500,time:1 day", 86400.0),
        ("no window named", None),
    ],
)
@pytest.mark.parametrize("status", [400, 429])
def test_huaweis_throttling_gives_the_window_whatever_the_status(
    text: str, seconds: float | None, status: int
) -> None:
    found = _huawei("APIG.0308", status, text)

    assert (errors.RateLimited, "window", seconds) == (
        type(found),
        found.retry,
        found.retry_after_s,
    )


@pytest.mark.parametrize(
    "body",
    [
        {"error_code": "AIS.0014", "error_msg": "m"},
        {"errorCode": "AIS.0014", "errorMsg": "m"},
        {"code": "AIS.0014", "message": "m"},
        {"error": {"code": "AIS.0014", "message": "m"}},
        {"error_code": "AIS.0014", "error_msg": "m", "httpStatusCode": 400, "request_id": "r"},
    ],
)
def test_huaweis_shapes_of_an_error_are_all_read(body: dict[str, Any]) -> None:
    found = HUAWEI.find(body, Response(status=400))

    assert (errors.InvalidRequest, "AIS.0014", "m") == (
        type(found),
        getattr(found, "code", None),
        getattr(found, "message", None),
    )


def test_a_good_huawei_answer_with_extra_keys_is_no_error() -> None:
    assert (
        HUAWEI.find({"result": {"tags": []}, "httpStatusCode": 200}, Response(status=200)) is None
    )


@pytest.mark.parametrize(
    ("code", "kind", "retry", "fallback"),
    [
        ("AIS.0005", errors.EndpointGone, "never", "yes"),
        ("AIS.0032", errors.QuotaExhausted, "never", "opt-in"),
        ("AIS.0105", errors.ServerFault, "once", "yes"),
        ("AIS.0506", errors.ServerFault, "backoff(2)", "yes"),
        ("AIS.0022", errors.ImageSource, "inline-once", "yes"),
        ("AIS.0503", errors.UnsupportedImage, "never", "no"),
        ("ModelArts.4204", errors.NotSubscribed, "never", "opt-in"),
        ("APIG.0613", errors.Unavailable, "backoff(3)", "yes"),
        ("IS.0012", errors.OutcomeUnknown, "ask", "no"),
        ("IS.0017", errors.UnknownVendorError, "never", "no"),
        ("MMS.0001", errors.NotSubscribed, "never", "opt-in"),
        ("MMS.1001", errors.ConfigurationError, "never", "no"),
        ("MMS.1014", errors.UnknownVendorError, "never", "no"),
    ],
)
def test_a_huawei_code_becomes(
    code: str, kind: type[errors.TaggersError], retry: str, fallback: str
) -> None:
    found = _huawei(code)

    assert (kind, retry, fallback) == (type(found), found.retry, found.fallback)


def test_iams_nested_status_codes_are_never_tried_again() -> None:
    body = {"error": {"code": 401, "message": "wrong", "title": "Unauthorized"}}

    found = HUAWEI.find(body, Response(status=401))

    assert isinstance(found, errors.Authentication)
    assert "never" == found.retry


@pytest.mark.parametrize(
    ("code", "message", "kind", "retry", "billed"),
    [
        ("AccessDenied", "Access Denied.", errors.PermissionDenied, "never", "no"),
        ("AccessDenied", "Request has expired", errors.ClockSkew, "clock-once", "no"),
        ("SlowDown", "", errors.RateLimited, "window", "no"),
        ("InternalError", "", errors.ServerFault, "ask", "maybe"),
        ("PicBucketUnBinded", "", errors.NotSubscribed, "never", "no"),
        ("NoSuchKey", "", errors.ImageSource, "never", "no"),
        ("ImageResolutionExceed", "", errors.ImageDimensions, "never", "no"),
        ("Unheard", "of", errors.UnknownVendorError, "never", "no"),
    ],
)
def test_a_cos_code_becomes(
    code: str, message: str, kind: type[errors.TaggersError], retry: str, billed: str
) -> None:
    found = _cos(code, message)

    assert (kind, retry, billed) == (type(found), found.retry, found.billed)


def test_tencents_api3_errors_come_with_200() -> None:
    body = {"Response": {"Error": {"Code": "LimitExceeded", "Message": "m"}, "RequestId": "r"}}

    found = API3.find(body, Response(status=200))

    assert isinstance(found, errors.QuotaExhausted)
    assert "r" == found.request_id


def test_clarifais_throttling_is_over_after_a_second() -> None:
    said = {"code": "CONN_THROTTLED", "details": "exceeded limit of 15 requests per second"}

    error = CLARIFAI.find({"status": said}, Response(status=429))

    assert isinstance(error, errors.RateLimited)
    assert 1.0 == error.retry_after_s


TABLES = [HUAWEI, COS, API3, CLARIFAI]


@pytest.mark.parametrize("table", TABLES, ids=["huawei", "cos", "api3", "clarifai"])
def test_no_code_stands_twice_for_the_same_case(table: Errors) -> None:
    cases = [(code, rule.status, rule.message) for rule in table.rules for code in rule.codes]

    assert [] == [case for case in cases if cases.count(case) > 1]


@pytest.mark.parametrize("table", TABLES, ids=["huawei", "cos", "api3", "clarifai"])
def test_no_rule_is_hidden_behind_an_earlier_one(table: Errors) -> None:
    def general(rule: Rule, code: str) -> bool:
        return code in rule.codes and not rule.status and rule.message is None

    hidden = [
        code
        for index, rule in enumerate(table.rules)
        for code in rule.codes
        if any(general(earlier, code) for earlier in table.rules[:index])
    ]

    assert [] == hidden


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, errors.MalformedResponse),
        (401, errors.Authentication),
        (404, errors.EndpointGone),
        (418, errors.InvalidRequest),
        (429, errors.RateLimited),
        (500, errors.OutcomeUnknown),
        (502, errors.OutcomeUnknown),
        (503, errors.Unavailable),
        (504, errors.OutcomeUnknown),
        (599, errors.OutcomeUnknown),
    ],
)
def test_an_answer_without_a_code_is_judged_by_its_status(
    status: int, kind: type[errors.TaggersError]
) -> None:
    found = HUAWEI.find(None, Response(status=status, headers={"retry-after": "7"}))

    assert kind is type(found)
    assert 7.0 == getattr(found, "retry_after_s", None)


def test_the_status_stands_for_the_code_of_a_vendor_that_has_none() -> None:
    table = Errors(
        where=lambda body: VendorError("", body["text"]),
        rules=(Rule(kind=errors.RateLimited, codes="429"),),
    )

    known = table.find({"text": "slow down"}, Response(status=429))
    unknown = table.find({"text": "?"}, Response(status=418))

    assert isinstance(known, errors.RateLimited)
    assert ("429", "slow down") == (known.code, known.message)
    assert isinstance(unknown, errors.UnknownVendorError)
    assert "418" == unknown.code


def test_the_tree_in_the_docstring_names_every_class() -> None:
    tree = importlib.import_module("taggers.errors").__doc__ or ""

    assert [] == [name for name in errors.__all__ if name not in tree]


def test_a_vendors_refusal_of_a_picture_is_rejected_and_ours_is_not_sent() -> None:
    ours = errors.ImageDimensions("too small")
    vendors = _huawei("AIS.0205")

    assert ("not sent", "rejected") == (ours.outcome, vendors.outcome)


def test_an_error_says_who_what_and_what_to_do() -> None:
    error = errors.RateLimited(
        "slow down", provider="hw", code="APIG.0308", status=429, request_id="r1", hint="wait"
    )

    assert "hw: slow down (APIG.0308, HTTP 429, request r1); wait" == str(error)


def test_a_fact_that_errors_do_not_have_is_a_mistake() -> None:
    with pytest.raises(TypeError, match="RateLimited has no 'kode'"):
        errors.RateLimited("x", kode="y")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, 7.0),
        (
            {
                "retry-after": "Sat, 21 Nov 2026 10:01:30 GMT",
                "date": "Sat, 21 Nov 2026 10:00:00 GMT",
            },
            90.0,
        ),
        (
            {
                "retry-after": "Sat, 21 Nov 2026 09:00:00 GMT",
                "date": "Sat, 21 Nov 2026 10:00:00 GMT",
            },
            0.0,
        ),
        ({"retry-after": "Sat, 21 Nov 2026 10:01:30 GMT"}, None),
        ({"retry-after": "soon", "date": "Sat, 21 Nov 2026 10:00:00 GMT"}, None),
        ({"retry-after": "-1"}, None),
        ({}, None),
    ],
)
def test_a_retry_after_header_is_seconds_or_a_date(
    headers: dict[str, str], expected: float | None
) -> None:
    found = HUAWEI.find(None, Response(status=503, headers=headers))

    assert expected == getattr(found, "retry_after_s", 0)
