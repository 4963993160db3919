"""Every kind of fault, over real sockets, against the ledger: `make soak` with small numbers."""

from __future__ import annotations

import shutil
import sys

import pytest

if not sys.platform.startswith("linux"):  # where all of 127.0.0.0/8 is this machine
    pytest.skip("the fault server needs Linux", allow_module_level=True)

from .scenario import run
from .scenarios import SCENARIOS
from .soak import PAGE

BY_NAME = {scenario.name: scenario for scenario in SCENARIOS}


def _holds(name: str, tries: int = 1) -> None:
    """Runs a scenario; it fails with what it misses. A machine that is busy with other things may
    hand over late what was sent in time: where that is measured, one of some `tries` must hold."""
    scenario = BY_NAME[name]
    verdict = run(scenario, scenario.few)
    while verdict.misses and tries > 1:
        tries -= 1
        verdict = run(scenario, scenario.few)
    assert () == verdict.misses


def test_every_scenario_has_a_name_of_its_own() -> None:
    assert len(SCENARIOS) == len(BY_NAME)


def test_the_page_shows_every_scenario() -> None:
    page = PAGE.read_text("utf-8")

    assert [] == [name for name, it in BY_NAME.items() if it.calls and f"| {name} |" not in page]


def test_who_tries_everything_again_pays_twice_and_the_ledger_shows_it() -> None:
    verdict = run(BY_NAME["peers retry everything, 3 times: 5 % of all kinds"], 200)

    assert 0 < verdict.seen.twice


def test_a_closed_port_is_named_and_costs_nothing() -> None:
    _holds("F1 the port is closed")


def test_a_connection_that_never_comes_ends_with_the_deadline() -> None:
    _holds("F1 connecting takes too long")


def test_a_name_that_does_not_resolve_is_named() -> None:
    _holds("F2 the name does not resolve")


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs the openssl command")
@pytest.mark.parametrize("about", ["is nobody's", "is for another name"])
def test_nothing_is_sent_to_a_server_whose_certificate_is_wrong(about: str) -> None:
    _holds(f"F3 the certificate {about}")


def test_a_request_of_which_a_part_is_missing_is_sent_again() -> None:
    _holds("F4 RST in the body")


@pytest.mark.parametrize(
    "about", ["RST after the body", "FIN after the body", "the vendor crashes before the work"]
)
def test_a_request_that_was_sent_and_not_answered_is_unknown_and_not_sent_again(
    about: str,
) -> None:
    _holds(f"F4 {about}")


@pytest.mark.parametrize("status", [500, 504])
def test_a_page_of_a_machine_in_between_says_nothing_of_the_work(status: int) -> None:
    _holds(f"F4 a page with HTTP {status} of a machine in between, after the work")


def test_breaks_of_all_kinds_bill_no_call_twice() -> None:
    _holds("F4 breaks of all kinds, 10 %")


def test_a_connection_that_the_server_has_closed_is_not_used_again() -> None:
    _holds("F5 connections are closed after the answer, unannounced")


@pytest.mark.parametrize("about", ["no answer", "a dripped head", "a body without end"])
def test_a_slow_answer_ends_with_the_deadline(about: str) -> None:
    _holds(f"F6 {about}")


@pytest.mark.parametrize("about", ["a 200 cut short", "gzip cut short"])
def test_an_answer_that_is_cut_short_is_not_taken_for_one(about: str) -> None:
    _holds(f"F7 {about}")


def test_an_answer_that_breaks_off_in_its_head_is_unknown() -> None:
    _holds("F7 an answer cut in its head")


@pytest.mark.parametrize(
    "about",
    [
        "a gzip bomb, 1 MB that becomes 1 GB",
        "1 GB in chunks",
        "1 GB of headers",
    ],
)
def test_an_answer_without_measure_costs_little_memory_and_time(about: str) -> None:
    _holds(f"F8 {about}")


def test_cancelled_calls_leave_nothing_behind() -> None:
    _holds("F9 cancelled at any moment")


def test_cancelled_calls_free_what_processes_share() -> None:
    _holds("F9 cancelled, with limits and a cap that processes share")


def test_a_machine_without_descriptors_is_not_taken_for_a_vendor_that_is_down() -> None:
    _holds("F10 no descriptor is left, then there are some")


def test_a_web_page_is_not_read_as_a_picture_without_tags() -> None:
    _holds("F11 a web page with HTTP 200")


def test_throttling_is_waited_out_and_fails_no_call() -> None:
    _holds("F12 throttled with HTTP 400")


def test_processes_never_pass_a_declared_rate_and_use_it() -> None:
    _holds("F12 100 a second declared, 4 processes", tries=3)


@pytest.mark.parametrize("processes", ["1 process", "4 processes"])
def test_no_more_calls_are_in_flight_than_declared(processes: str) -> None:
    _holds(f"F13 10 at a time, {processes}")


def test_an_outage_is_not_asked_more_than_a_service_that_works() -> None:
    _holds("F14 an outage of 18 s, and calls that do not stop")


def test_a_vendor_that_takes_less_than_it_says_fails_no_call() -> None:
    _holds("F13 10 declared, and the vendor takes 5")


def test_a_route_leaves_a_target_alone_that_is_down() -> None:
    _holds("F14 a route's first target is down")


@pytest.mark.parametrize(
    "about",
    [
        "a route, RST after the body: the second may not be asked",
        "a route with paid_fallback, RST after the body",
    ],
)
def test_a_route_pays_twice_only_where_it_may(about: str) -> None:
    _holds(f"F4 {about}")


def test_requests_on_the_wire_are_the_configured_attempts() -> None:
    _holds("F15 5 % of the calls always fail, 3 attempts are configured")


def test_a_quota_that_is_used_up_stops_the_run() -> None:
    _holds("F16 the month's quota is used up")


def test_processes_keep_one_cap_between_them() -> None:
    _holds("F17 3 processes on one cap of 100 units")


def test_a_token_that_runs_out_is_got_again_once_for_all() -> None:
    _holds("F18 the token runs out within the run")


def test_a_wrong_key_is_tried_once() -> None:
    _holds("F19 the key is wrong")


def test_a_locked_key_is_left_alone() -> None:
    _holds("F20 the key is locked")


def test_a_clock_that_is_off_costs_one_request() -> None:
    _holds("F21 the clock is an hour off")


def test_each_attempt_is_signed_afresh() -> None:
    _holds("F22 signatures are good for 1.5 s, and calls are asked again after 2 s")


def test_a_malformed_answer_is_an_error() -> None:
    _holds("F29 JSON of another shape with HTTP 200")


def test_an_unknown_code_is_shown_and_not_asked_again() -> None:
    _holds("F31 an unknown code")


def test_a_retired_api_is_named_as_such() -> None:
    _holds("F32 the API is retired")


def test_a_batch_that_is_killed_at_any_moment_loses_nothing_and_sends_nothing_twice() -> None:
    _holds("F36 a batch, SIGKILL at 200 random moments")


def test_what_is_unknown_after_a_kill_is_sent_again_only_on_request() -> None:
    _holds("F36 a batch, SIGKILL at 20 random moments, and then --retry-unknown")


def test_a_library_is_complete_in_the_end_and_the_store_agrees_with_the_ledger() -> None:
    _holds(
        "F36 20,000 photographs, 5 % of all kinds of the emulator, 10 × SIGKILL, --retry-unknown"
    )


def test_two_batches_share_a_store_only_where_they_are_told_to() -> None:
    _holds("F37 two batches share a store")


def test_mixed_faults_bill_no_call_twice() -> None:
    _holds("mixed 5 % of all kinds")


def test_many_mixed_faults_bill_no_call_twice() -> None:
    _holds("mixed 40 % of all kinds")


def test_what_is_billed_twice_on_request_is_reported() -> None:
    _holds('mixed 5 % of all kinds, with unknown = "retry-once"')
