"""A job on a Ray cluster: one actor coordinates, beside the store, and one on each node works."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle, islice
from typing import Any

from ..._extras import from_extra
from ...errors import LocalResourceError, TaggersError
from ._coordinator import Coordinator
from ._job import Job
from ._worker import Ask, work

with from_extra("ray", "--engine ray"):
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy as At
__all__ = ["on_ray"]

_QUIET = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
_ALWAYS = {"num_cpus": 0, "max_restarts": -1}


class _Lead(Coordinator):
    def __init__(self, job: Job) -> None:
        super().__init__(job, again=ray.get_runtime_context().was_current_actor_reconstructed)


class _Hand:
    def work(self, job: Job, lead: Any) -> TaggersError | None:
        return work(job, _asking(lead))


def _asking(lead: Any) -> Ask:
    return lambda *asked: ray.get(lead.answer.remote(*asked), timeout=4.0)


def on_ray(job: Job, address: str | None, workers: int | None, look: Callable[[Ask], None]) -> None:
    """Does a job on the cluster at an address; `look` is called twice a second with the way to ask
    its coordinator. Raises the error because of which no worker could do it."""
    try:
        ray.init(address, namespace="taggers", **_QUIET)
        here = At(ray.get_runtime_context().get_node_id(), soft=False)
        leads = ray.remote(max_concurrency=64, scheduling_strategy=here, **_ALWAYS)(_Lead)
        lead = leads.options(name=job.name).remote(job)
        ray.get(lead.answer.remote("progress"))
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
        hands = ray.remote(max_task_retries=-1, **_ALWAYS)(_Hand)
        places = [At(node, soft=True) for node in islice(cycle(nodes), workers or len(nodes))]
        crew = [hands.options(scheduling_strategy=place).remote() for place in places]
        every = left = [hand.work.remote(job, lead) for hand in crew]
        while left:
            _, left = ray.wait(left, num_returns=len(left), timeout=0.5)
            look(_asking(lead))
        if all(errors := ray.get(every)):
            raise errors[0]
    except (ConnectionError, ValueError, ray.exceptions.RayError) as why:
        raise LocalResourceError(f"Ray: {why}", hint="--address local begins a cluster") from why
    finally:
        ray.shutdown()
