"""Metadata: what TensorFlow Serving's clients are told of a model's versions and signature.

model -> documents of JSON, in the form that Protocol Buffers give them
"""

from typing import Any

from service.inference.recognition import Model
from service.preprocessing.canonical import SIDE
from service.protocols.tf_serving.requests import DIGITS, PICTURES, SIGNATURE

METHOD = "tensorflow/serving/predict"


def describe_version(version: str, *, refusal: str = "") -> dict[str, Any]:
    """Describe the state of a version.

    Args:
        version: Its number.
        refusal: Why it was refused; empty if it serves.
    """
    code = "FAILED_PRECONDITION" if refusal else "OK"
    return {
        "version": version,
        "state": "END" if refusal else "AVAILABLE",
        "status": {"error_code": code, "error_message": refusal},
    }


def describe_signature(model: Model) -> dict[str, Any]:
    """Describe a model's signature; of its inputs a request brings one.

    The tensors of `images` and `probabilities` have the names of the SavedModel.
    """
    manifest = model.bundle.manifest
    signature = {
        "inputs": {
            DIGITS: _tensor("DT_UINT8", (-1, SIDE, SIDE), f"{SIGNATURE}_{DIGITS}:0"),
            PICTURES: _tensor("DT_STRING", (-1,), PICTURES),
        },
        "outputs": {
            "probabilities": _tensor("DT_FLOAT", (-1, 10), "StatefulPartitionedCall:0"),
        },
        "method_name": METHOD,
        "defaults": {},
    }
    return {
        "model_spec": {"name": manifest.name, "signature_name": "", "version": manifest.version},
        "metadata": {"signature_def": {"signature_def": {SIGNATURE: signature}}},
    }


def _tensor(dtype: str, shape: tuple[int, ...], name: str) -> dict[str, Any]:
    """Describe a tensor; whole numbers of 64 bits are texts in the JSON of Protocol Buffers."""
    sizes = [{"size": str(size), "name": ""} for size in shape]
    return {"dtype": dtype, "tensor_shape": {"dim": sizes, "unknown_rank": False}, "name": name}
