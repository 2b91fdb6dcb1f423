"""The metrics of a replica, handed to Ray, whose agent on every node offers them to Prometheus.

recorder -> the families of `GET /metrics` -> gauges of Ray's, under the same names behind `ray_`

A proxy sends a scrape of `GET /metrics` to one replica or another; so Ray tells of each, with its name.
"""

import asyncio
import logging
from collections.abc import Iterable

from prometheus_client import Metric
from ray.serve.metrics import Gauge

from service.resources import Resources
from service.routes.metrics import collect

INTERVAL_S = 10.0  # as often as Ray's agents are told of anything

logger = logging.getLogger("digitserve")


async def export_for_ever(resources: Resources) -> None:
    """Export the metrics of this replica while it lives; a failure is logged, and the next try comes."""
    exporter = Exporter()
    while True:
        try:
            exporter.export((await collect(resources)).collect())
        except Exception as error:  # metrics are no reason to stop
            logger.error("The metrics cannot be handed to Ray.", exc_info=error)
        await asyncio.sleep(INTERVAL_S)


class Exporter:
    """Sets gauges to the values of samples; counters and buckets are gauges too, that only grow."""

    def __init__(self) -> None:
        self._gauges: dict[str, Gauge] = {}

    def export(self, families: Iterable[Metric]) -> None:
        """Set the gauges of all samples, and make those that are missing."""
        for family in families:
            for sample in family.samples:
                if sample.name not in self._gauges:
                    labels = tuple(sample.labels)
                    self._gauges[sample.name] = Gauge(sample.name, family.documentation, labels)
                self._gauges[sample.name].set(sample.value, tags=dict(sample.labels))
