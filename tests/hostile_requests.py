"""Requests in other protocols that lie, overflow, or hide work."""

import gzip
import json
import struct
from typing import Any, NamedTuple

MIB = 1024 * 1024
INFER = "/v2/models/digits/infer"
PREDICT = "/v1/models/digits:predict"
CLASSIFY = "/v1/models/digits:classify"
NO_NAMES: list[Any] = [[], {}, None, 5]  # of signatures
BLANK = [[0] * 28] * 28
HEADER_LENGTH = "inference-header-content-length"


class HostileRequest(NamedTuple):
    """A request that must be refused.

    Attributes:
        name: What is wrong with it.
        path: Where it goes.
        content: Its body.
        headers: Its headers.
    """

    name: str
    path: str
    content: bytes
    headers: dict[str, str]


def hostile_requests() -> list[HostileRequest]:
    """Return every kind; the largest body has 30 MB, and one unpacks to more than may be unpacked."""
    bomb = gzip.compress(bytes(100 * MIB))
    much = "AAAA" * (6 * MIB)
    many: dict[str, Any] = {"examples": [{}] * 256}
    breaks = gzip.compress(json.dumps({"instances": [{"b64": "AA " * (8 * MIB)}]}).encode())
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], "data": [0] * 784}
    return [
        HostileRequest("bomb", INFER, bomb, {"content-encoding": "gzip"}),
        HostileRequest("bomb of rows", PREDICT, bomb, {"content-encoding": "gzip"}),
        _binary("size too small", bytes(784), size=783),
        _binary("size too large", bytes(784), size=2**40),
        _binary("negative size", bytes(784), size=-784),
        _binary("header beyond the body", bytes(784), length=2**40),
        _binary("shape of others", bytes(784), shape=[2, 28, 28]),
        _binary("negative shape", bytes(784), shape=[-1, 28, 28]),
        _binary("huge shape", bytes(784), shape=[2**62, 28, 28]),
        _binary("many dimensions", bytes(784), shape=[1] * 10_000),
        _binary("big-endian", struct.pack(">784f", *[0.5] * 784), datatype="FP32"),
        _binary("NaN", struct.pack("<784f", *[float("nan")] * 784), datatype="FP32"),
        _binary("huge element", b"\xff" * 8, name="image", datatype="BYTES", shape=[1]),
        _binary("many elements", bytes(4 * MIB), name="image", datatype="BYTES", shape=[1]),
        _json("NaN in JSON", PREDICT, {"instances": [[[float("nan")] * 28] * 28]}),
        _json("ragged", PREDICT, {"instances": [[[0] * 28] * 27]}),
        _json("no base64", CLASSIFY, {"examples": [{"image": {"b64": "?" * MIB}}]}),
        HostileRequest("base64 of breaks", PREDICT, breaks, {"content-encoding": "gzip"}),
        _json(
            "context of many features",
            CLASSIFY,
            {"context": {f"a{key}": 0 for key in range(2000)}, "examples": [{}] * 5000},
        ),
        _json(
            "context for many examples",
            CLASSIFY,
            {"context": {"images": BLANK}, "examples": [{}] * 100_000},
        ),
        _json("context of much base64", CLASSIFY, {"context": {"image": {"b64": much}}, **many}),
        _json("context of much ink", CLASSIFY, {"context": {"images": [0] * 800_000}, **many}),
        _json("many outputs", INFER, {"inputs": [tensor], "outputs": [{"name": "class"}] * 20_000}),
        *(
            _json(f"signature {name}", path, {"signature_name": name, **images})
            for name in NO_NAMES
            for path, images in (
                (PREDICT, {"instances": [BLANK]}),
                (CLASSIFY, {"examples": [{"images": BLANK}]}),
            )
        ),
        _json("huge number", PREDICT, {"instances": [[[10**4000] * 28] * 28]}),
        *(
            HostileRequest(name, path, content, {})
            for path in (INFER, PREDICT, CLASSIFY)
            for name, content in (
                ("deep", b"[" * 100_000),
                ("deep objects", b'{"a":' * 100_000),
                ("many values", b"[" + b"0," * (15 * MIB) + b"0]"),
                ("many keys", b"{%s}" % b",".join(b'"%d":0' % key for key in range(400_000))),
            )
        ),
    ]


def _json(name: str, path: str, document: Any) -> HostileRequest:
    return HostileRequest(name, path, json.dumps(document).encode(), {})


def _binary(
    what: str, tail: bytes, *, size: int | None = None, length: int | None = None, **members: Any
) -> HostileRequest:
    """Return a request of one input whose values follow the JSON."""
    parameters = {"binary_data_size": len(tail) if size is None else size}
    tensor = {"name": "images", "datatype": "UINT8", "shape": [1, 28, 28], **members}
    header = json.dumps({"inputs": [{**tensor, "parameters": parameters}]}).encode()
    told = len(header) if length is None else length
    return HostileRequest(what, INFER, header + tail, {HEADER_LENGTH: str(told)})
