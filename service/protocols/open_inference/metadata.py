"""Metadata: what the server and its models say of themselves, in the protocol's shapes and Triton's.

models -> documents of JSON
"""

from dataclasses import asdict
from typing import Any

from service import __version__
from service.inference.models import Models
from service.inference.recognition import Model
from service.preprocessing.canonical import SIDE
from service.protocols.open_inference.inputs import INPUTS
from service.protocols.open_inference.outputs import OUTPUTS
from service.protocols.versions import loaded_versions
from service.telemetry.inference_statistics import Counts, Duration

EXTENSIONS = (
    "binary_tensor_data",
    "classification",
    "model_configuration",
    "model_repository",
    "statistics",
)
PLATFORM = "tensorflow_savedmodel"  # of the bundle, whichever engine computes it
_INPUTS = (("images", INPUTS["images"][0], (SIDE, SIDE)), ("image", INPUTS["image"][0], ()))
# Of model_config.proto, where a text is a string.
_CONFIG_TYPES = {
    "UINT8": "TYPE_UINT8",
    "INT64": "TYPE_INT64",
    "FP32": "TYPE_FP32",
    "BYTES": "TYPE_STRING",
}


def describe_server() -> dict[str, Any]:
    """Describe the server."""
    return {"name": "digitserve", "version": __version__, "extensions": EXTENSIONS}


def describe_model(model: Model, versions: list[str]) -> dict[str, Any]:
    """Describe a model.

    Args:
        model: The version that was asked for.
        versions: All versions of it that are loaded.
    """
    return {
        "name": model.bundle.manifest.name,
        "versions": versions,
        "platform": PLATFORM,
        "inputs": [_tensor(*entry) for entry in _INPUTS],
        "outputs": [
            _tensor(name, output.datatype, output.dimensions) for name, output in OUTPUTS.items()
        ],
    }


def configure_model(model: Model, versions: list[str], *, max_images: int) -> dict[str, Any]:
    """Describe a model as Triton's configuration does.

    Args:
        model: The version that was asked for.
        versions: All versions of it that are loaded.
        max_images: Most images of one request.
    """
    return {
        "name": model.bundle.manifest.name,
        "platform": PLATFORM,
        "backend": model.engine.name,
        "version_policy": {"specific": {"versions": [int(version) for version in versions]}},
        "max_batch_size": max_images,
        "input": [{**_configured(*entry), "optional": True} for entry in _INPUTS],
        "output": [
            _configured(name, output.datatype, output.dimensions)
            for name, output in OUTPUTS.items()
        ],
        "dynamic_batching": {"preferred_batch_size": list(model.engine.batch_sizes)},
    }


def write_statistics(model: Model, counts: Counts) -> dict[str, Any]:
    """Write a version's counts as Triton's statistics.

    Writing answers is not timed, and there is no cache: these are 0.
    """
    manifest, nothing = model.bundle.manifest, asdict(Duration())
    batches = sorted(counts.by_batch_size.items())
    steps = {"compute_input": nothing, "compute_output": nothing}
    return {
        "name": manifest.name,
        "version": manifest.version,
        "last_inference": counts.last_ms,
        "inference_count": counts.num_images,
        "execution_count": sum(calls.count for _, calls in batches),
        "inference_stats": {
            "success": asdict(counts.success),
            "fail": asdict(counts.fail),
            "queue": asdict(counts.queue),
            "compute_input": asdict(counts.compute_input),
            "compute_infer": asdict(counts.compute_infer),
            "compute_output": nothing,
            "cache_hit": nothing,
            "cache_miss": nothing,
        },
        "batch_stats": [
            {"batch_size": size, **steps, "compute_infer": asdict(calls)} for size, calls in batches
        ],
    }


def list_repository(models: Models, *, only_ready: bool) -> list[dict[str, str]]:
    """List every version that is loaded or was refused, as Triton's repository index does.

    Args:
        models: The models that are served.
        only_ready: Whether to leave out what was refused.
    """
    index = [
        {"name": name, "version": version, "state": "READY", "reason": ""}
        for name in models.by_name
        for version in loaded_versions(models, name)
    ]
    if only_ready:
        return index
    return index + [
        {"name": name, "version": version, "state": "UNAVAILABLE", "reason": reason}
        for name, refusals in models.refused.items()
        for version, reason in refusals.items()
    ]


def _tensor(name: str, datatype: str, dimensions: tuple[int, ...]) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": [-1, *dimensions]}


def _configured(name: str, datatype: str, dimensions: tuple[int, ...]) -> dict[str, Any]:
    """Describe a tensor; its dimensions are those behind the batch's, and [1] where there are none."""
    return {"name": name, "data_type": _CONFIG_TYPES[datatype], "dims": list(dimensions) or [1]}
