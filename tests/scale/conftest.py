"""One cluster for the tests on Serve, which ends with them: three nodes, with room for four replicas."""

from collections.abc import Iterator

import pytest

from tests.scale.cluster import ServeCluster, running_cluster


@pytest.fixture(scope="module")
def serve_cluster() -> Iterator[ServeCluster]:
    """A head with room for two replicas and two nodes with room for one each."""
    with running_cluster([2, 1, 1]) as cluster:
        yield cluster
