"""The vendor cannot be reached: nothing was sent, and every call says so."""

from __future__ import annotations

from attrs import evolve

from ..checks import ends, requests, within
from ..outcome import Task
from ..plan import Plan
from ..scenario import CONFIG, Scenario

__all__ = ["SCENARIOS"]

REFUSED = CONFIG.replace("{port}", "1")
NOWHERE = CONFIG.replace("127.0.0.1:{port}", "nobody.invalid")
TLS = CONFIG.replace("http://", "https://")
QUICK = {"deadline_s": 5.0}

SCENARIOS = [
    Scenario(
        fault="F1",
        about="the port is closed",
        figure="typed, all of them",
        task=Task(config=REFUSED, policy=QUICK),
        alone=5,
        checks=(ends("ConnectFailed"), requests(0)),
    ),
    Scenario(
        fault="F1",
        about="connecting takes too long",
        figure="typed, within the deadline + 0.1 s",
        task=Task(
            config=CONFIG.replace("127.0.0.1:{port}", "127.0.0.1:{full}"),
            policy={"deadline_s": 0.5},
            at_once=50,
        ),
        calls=200,
        few=50,
        checks=(ends("DeadlineExceeded", also=("CircuitOpen",)), requests(0), within(0.6)),
    ),
    Scenario(
        fault="F2",
        about="the name does not resolve",
        figure="back within the deadline + 0.1 s",
        task=Task(config=NOWHERE, policy={"deadline_s": 2.0}),
        checks=(ends("DnsFailure", also=("CircuitOpen",)), requests(0), within(2.1)),
    ),
    Scenario(
        fault="F3",
        about="the certificate is nobody's",
        figure="0 bytes of a request sent",
        plans=(Plan(tls="IP:127.0.0.1"),),
        task=Task(config=TLS),
        alone=15,
        checks=(ends("TlsFailure"), requests(0)),
    ),
    Scenario(
        fault="F3",
        about="the certificate is for another name",
        figure="0 bytes of a request sent",
        plans=(Plan(tls="DNS:other.example.com"),),
        task=Task(config=TLS, ca_bundle="{folder}/server0.certificate"),
        alone=15,
        checks=(ends("TlsFailure"), requests(0)),
    ),
    Scenario(
        fault="F10",
        about="no descriptor is left, then there are some",
        figure="0 lost",
        task=Task(config=CONFIG, job="starve", warm_up=True),
        calls=400,
        checks=(ends("LocalResourceError", None),),
    ),
]
SCENARIOS = [evolve(scenario, few=min(scenario.few, 60)) for scenario in SCENARIOS]
