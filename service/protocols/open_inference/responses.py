"""Responses: predictions to the body and headers of an answer, compressed where the client can read it.

predictions, outputs asked for -> JSON, tensors behind it -> gzip or deflate -> body, headers
"""

import gzip
import zlib
from collections.abc import Callable, Sequence
from typing import Any

from pydantic_core import to_json

from service.inference.recognition import Model, Prediction
from service.protocols.open_inference.outputs import HEADER_LENGTH, RequestedOutput

JSON = "application/json"
BINARY = "application/octet-stream"
MIN_COMPRESSED_BYTES = 500  # Starlette's GZipMiddleware; a shorter body hardly shrinks
COMPRESSION_LEVEL = 1  # most of the gain for a third of the time
_COMPRESSORS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda body: gzip.compress(body, COMPRESSION_LEVEL, mtime=0),
    "deflate": lambda body: zlib.compress(body, COMPRESSION_LEVEL),
}


def write_inference(
    model: Model,
    predictions: Sequence[Prediction],
    outputs: Sequence[RequestedOutput],
    *,
    request_id: str,
) -> tuple[bytes, dict[str, str]]:
    """Write the answer to an inference request.

    Args:
        model: The model that made the predictions.
        predictions: For each image, in order.
        outputs: What the client asks for, in its order.
        request_id: The client's name of the request, or ours.

    Returns:
        The body and its headers; tensors that go behind the JSON make it an octet stream.
    """
    written, tail = [], []
    for output in outputs:
        tensor = output.make(predictions)
        entry: dict[str, Any] = {
            "name": output.name,
            "datatype": tensor.datatype,
            "shape": tensor.shape,
        }
        if output.is_binary:
            tail.append(tensor.to_bytes())
            entry["parameters"] = {"binary_data_size": len(tail[-1])}
        else:
            entry["data"] = tensor.data
        written.append(entry)
    manifest = model.bundle.manifest
    document = to_json(
        {
            "model_name": manifest.name,
            "model_version": manifest.version,
            "id": request_id,
            "outputs": written,
        }
    )
    if not tail:
        return document, {"content-type": JSON}
    headers = {"content-type": BINARY, HEADER_LENGTH: str(len(document))}
    return b"".join([document, *tail]), headers


def compress(body: bytes, accepted: str) -> tuple[bytes, dict[str, str]]:
    """Compress a body that is worth it, if the client says that it can read it.

    Args:
        body: Of the answer.
        accepted: Value of `Accept-Encoding`; a coding of weight 0 is not accepted (RFC 9110, 12.5.3).

    Returns:
        The body and the headers that go with it.
    """
    if len(body) < MIN_COMPRESSED_BYTES:
        return body, {}
    codings = [coding.replace(" ", "").lower().split(";q=") for coding in accepted.split(",")]
    welcome = {name for name, *weight in codings if not weight or weight[0].strip("0.")}
    for name, compressor in _COMPRESSORS.items():
        if name in welcome:
            return compressor(body), {"content-encoding": name, "vary": "accept-encoding"}
    return body, {}
