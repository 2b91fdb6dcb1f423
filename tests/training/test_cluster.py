"""Tests of who trains together: `TF_CONFIG` is read, or refused with how to mend it."""

import json
from typing import Any

import pytest

from training.cluster import Cluster, find_cluster
from training.errors import ClusterError

pytestmark = pytest.mark.tensorflow

WORKERS = ["a:1", "b:2"]


def tf_config(workers: Any, index: Any = 0, kind: str = "worker", **jobs: Any) -> dict[str, str]:
    """Return an environment with that `TF_CONFIG`."""
    config = {"cluster": {"worker": workers, **jobs}, "task": {"type": kind, "index": index}}
    return {"TF_CONFIG": json.dumps(config)}


class TestFindCluster:
    """Of `find_cluster`."""

    def test_reads_the_workers(self) -> None:
        """In their order, with the own place."""
        assert find_cluster("multiworker", tf_config(WORKERS, 1)) == Cluster(
            "multiworker", ("a:1", "b:2"), 1
        )

    @pytest.mark.parametrize(("index", "leads"), [(0, True), (1, False)])
    def test_the_first_worker_leads(self, index: int, leads: bool) -> None:
        """And no other."""
        assert find_cluster("multiworker", tf_config(WORKERS, index)).is_chief is leads

    def test_mirrored_needs_no_workers(self) -> None:
        """One process has all devices, and leads."""
        assert find_cluster("mirrored", {}) == Cluster("mirrored")
        assert find_cluster("mirrored", {}).is_chief

    @pytest.mark.parametrize(
        ("environment", "message"),
        [
            ({}, "needs TF_CONFIG. Give every worker TF_CONFIG="),
            ({"TF_CONFIG": "{"}, "names no workers or no task. Give"),
            ({"TF_CONFIG": "[]"}, "names no workers or no task. Give"),
            ({"TF_CONFIG": '{"cluster": {"worker": []}}'}, "names no workers or no task. Give"),
            (tf_config(WORKERS, "x"), "names no workers or no task. Give"),
            (tf_config(WORKERS, kind="chief"), "other types than worker"),
            (tf_config(WORKERS, ps=["c:3"]), "other types than worker"),
            (tf_config("a:1"), "not HOST:PORT each"),
            (tf_config(["a:1", "b"]), "not HOST:PORT each"),
            (tf_config(["a:1", "b:70000"]), "not HOST:PORT each"),
            (tf_config(["a:1"]), "names 1 different workers of 1"),
            (tf_config(["a:1", "a:1"]), "names 1 different workers of 2"),
            (tf_config(WORKERS, 2), "has index 2 of 2 workers"),
            (tf_config(WORKERS, -1), "has index -1 of 2 workers"),
        ],
    )
    def test_refuses_workers_that_cannot_train(
        self, environment: dict[str, str], message: str
    ) -> None:
        """Before TensorFlow waits for them."""
        with pytest.raises(ClusterError, match=message):
            find_cluster("multiworker", environment)

    def test_refuses_several_machines_for_mirrored(self) -> None:
        """Each of them would train a run of its own."""
        with pytest.raises(ClusterError, match="is for one machine, but TF_CONFIG is set"):
            find_cluster("mirrored", tf_config(WORKERS))
