"""Strict validation of the kinds that are not Kubernetes' own: by our schemas, and of the pods in them by Kubernetes'.

resource -> custom-kinds.yaml -> pods in it -> kubernetes_validate
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

Resource = dict[str, Any]

KUBERNETES_VERSION = "1.37"
SCHEMAS: Resource = yaml.safe_load(Path(__file__).with_name("custom-kinds.yaml").read_text())
CUSTOM_KINDS = SCHEMAS.keys() - {"$defs"}


def validate(resource: Resource) -> None:
    """Hold a resource of any kind against its schema, without a field that the schema does not know.

    Raises:
        jsonschema.ValidationError: If it is not what the schema describes.
    """
    if resource["kind"] not in CUSTOM_KINDS:
        kubernetes_validate.validate(resource, KUBERNETES_VERSION, strict=True)
        return
    jsonschema.validate(resource, {"$defs": SCHEMAS["$defs"], **SCHEMAS[resource["kind"]]})
    for pod in _pods_of(resource):
        kubernetes_validate.validate(pod, KUBERNETES_VERSION, strict=True)


def _pods_of(resource: Resource) -> Iterator[Resource]:
    """Give what a custom resource has its operator make pods of, as pods."""
    for template in _templates_of(resource["kind"], resource["spec"]):
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, **template}


def _templates_of(kind: str, spec: Resource) -> Iterator[Resource]:
    """Give the pod templates of a custom resource."""
    if kind == "InferenceService" and "containers" in spec["predictor"]:
        yield {"spec": {"containers": spec["predictor"]["containers"]}}
    if kind == "RayService":
        cluster = spec["rayClusterConfig"]
        for group in (cluster["headGroupSpec"], *cluster["workerGroupSpecs"]):
            yield {"spec": group["template"]["spec"]}
