"""Inference requests: every form that is one, and what is none."""

import base64
import json
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.errors import DigitserveError, ProtocolError
from service.protocols.open_inference.outputs import OUTPUTS, RequestedOutput
from service.protocols.open_inference.requests import MAX_OUTPUTS, InferenceRequest, read_inference
from service.protocols.recognising import Pictures

DIGITS = np.random.default_rng(0).integers(0, 256, (2, 28, 28), np.uint8)
FILES = [b"\x89PNG one", b"two"]
BINARY_FILES = b"".join(struct.pack("<I", len(file)) + file for file in FILES)
Tensor = dict[str, Any]

as_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def tensor(name: str = "images", datatype: str = "UINT8", **members: Any) -> Tensor:
    """Return an input of two images; a member of None is left out."""
    shape = [2, 28, 28] if name == "images" else [2]
    every = {"name": name, "datatype": datatype, "shape": shape, **members}
    return {key: value for key, value in every.items() if value is not None}


def read(*inputs: Any, tail: bytes = b"", **members: Any) -> InferenceRequest:
    """Read a request of these inputs."""
    header = json.dumps({"inputs": inputs, **members}).encode()
    length = str(len(header)) if tail else None
    return read_inference(header + tail, length, max_images=2)


def status_or_request(body: bytes, header_length: str | None) -> InferenceRequest | int:
    """Return the request that a body is, or the status that it is refused with."""
    try:
        return read_inference(body, header_length, max_images=2)
    except DigitserveError as error:
        return error.status


def binary(size: Any) -> dict[str, Any]:
    """Return the parameters of an input whose values follow the JSON."""
    return {"binary_data_size": size}


class TestDigits:
    """The input `images`."""

    @pytest.mark.parametrize("shape", [[2, 28, 28], [2, 28, 28, 1]])
    @pytest.mark.parametrize("is_flat", [True, False])
    @pytest.mark.parametrize("datatype", ["UINT8", "FP32"])
    def test_json(self, datatype: str, is_flat: bool, shape: list[int]) -> None:
        """Levels and shares, flat and nested, mean the same digits."""
        values = DIGITS if datatype == "UINT8" else DIGITS / 255
        data = (values.ravel() if is_flat else values.reshape(shape)).tolist()

        request = read(tensor(datatype=datatype, shape=shape, data=data), id="mine")

        assert np.array_equal(request.images, DIGITS)  # type: ignore[arg-type]
        assert request.id == "mine"

    @pytest.mark.parametrize(("datatype", "dtype"), [("UINT8", "u1"), ("FP32", "<f4")])
    def test_binary(self, datatype: str, dtype: str) -> None:
        """Bytes behind the JSON are little-endian and row-major."""
        values = DIGITS if datatype == "UINT8" else DIGITS / 255
        tail = values.astype(dtype).tobytes()

        request = read(tensor(datatype=datatype, parameters=binary(len(tail))), tail=tail)

        assert np.array_equal(request.images, DIGITS)  # type: ignore[arg-type]

    @pytest.mark.parametrize("shares", [DIGITS / 255, np.where(DIGITS > 127, 1, 0.5)])
    def test_wrong_byte_order(self, shares: Any) -> None:
        """Big-endian shares are no shares, nor tiny ones."""
        tail = shares.astype(">f4").tobytes()

        with pytest.raises(ProtocolError, match=r"0\.\.1|little-endian"):
            read(tensor(datatype="FP32", parameters=binary(len(tail))), tail=tail)

    def test_bytes_of_another_shape(self) -> None:
        """As many bytes as announced, and not those of the shape, are refused."""
        with pytest.raises(ProtocolError, match=r"byte size 784 .*, expecting 1568"):
            read(tensor(parameters=binary(784)), tail=bytes(784))

    @pytest.mark.parametrize(
        "members",
        [
            {"datatype": "INT64"},
            {"datatype": 7},
            {"datatype": "BYTES"},
            {"name": "x"},
            {"name": ["images"]},
            {"shape": [1, 28, 28]},
            {"shape": [-2, 28, 28]},
            {"shape": [2, 28.0, 28]},
            {"shape": [True, 28, 28]},
            {"shape": [10**30, 28, 28]},
            {"shape": []},
            {"shape": "2"},
            {"data": [0] * 1567},
            {"data": [0.5] * 1568},
            {"data": ["0"] * 1568},
            {"data": {}},
            {"data": None},
            {"parameters": []},
            {"parameters": binary(1568)},
        ],
        ids=str,
    )
    def test_wrong_members(self, members: dict[str, Any]) -> None:
        """Whatever is wrong with an input is refused."""
        with pytest.raises(ProtocolError):
            read(tensor(**{"data": [0] * 1568, **members}))

    def test_shares_above_one(self) -> None:
        """FP32 of levels would be read as all ink: it is refused."""
        with pytest.raises(ProtocolError, match="Divide levels by 255"):
            read(tensor(datatype="FP32", data=[255] * 1568))


class TestFiles:
    """The input `image`."""

    @pytest.mark.parametrize("shape", [[2], [2, 1]])
    def test_json(self, shape: list[int]) -> None:
        """Files are base64 in JSON, with or without saying so."""
        data = [base64.b64encode(file).decode() for file in FILES]

        for parameters in (None, {"content_type": "base64"}):
            request = read(tensor("image", "BYTES", shape=shape, data=data, parameters=parameters))

            assert request.images == Pictures(FILES)

    def test_binary(self) -> None:
        """Each element is its length, little-endian, and its bytes."""
        entry = tensor("image", "BYTES", parameters=binary(len(BINARY_FILES)))

        assert read(entry, tail=BINARY_FILES).images == Pictures(FILES)

    def test_raw(self) -> None:
        """Of header length 0, the body is the picture, and every output is binary."""
        request = read_inference(b"\x89PNG", "0", max_images=1)

        assert request.images == Pictures([b"\x89PNG"])
        assert request.outputs == tuple(RequestedOutput(name, is_binary=True) for name in OUTPUTS)

    @pytest.mark.parametrize(
        "members",
        [
            {"shape": [3]},
            {"shape": [2, 2]},
            {"shape": [1]},
            {"data": ["a"] * 2},
            {"data": [1, 2]},
            {"data": "aa"},
            {"datatype": "UINT8"},
        ],
        ids=str,
    )
    def test_wrong_members(self, members: dict[str, Any]) -> None:
        """Whatever is wrong with an input is refused."""
        data = [base64.b64encode(file).decode() for file in FILES]

        with pytest.raises(ProtocolError):
            read(tensor(**{"name": "image", "datatype": "BYTES", "data": data, **members}))

    @pytest.mark.parametrize(
        "tail",
        [
            BINARY_FILES[:-1],
            BINARY_FILES + b"\0",
            BINARY_FILES + b"\0\0\0\0",
            BINARY_FILES[: -len(FILES[1])],
            b"\xff\xff\xff\xff" + BINARY_FILES,
            struct.pack(">I", 1) + b"a",
        ],
    )
    def test_lying_lengths(self, tail: bytes) -> None:
        """Elements that do not fill the bytes exactly, or are more than the shape says, are refused."""
        with pytest.raises(ProtocolError):
            read(tensor("image", "BYTES", parameters=binary(len(tail))), tail=tail)


class TestHeader:
    """Where the JSON ends."""

    @pytest.mark.parametrize("length", ["-1", "1e3", "", " 1", "99999", "9" * 5000, "٣"])
    def test_wrong_length(self, length: str) -> None:
        """A length that is none, or beyond the body, is refused."""
        with pytest.raises(ProtocolError, match="Inference-Header-Content-Length"):
            read_inference(b'{"inputs": []}', length, max_images=1)

    @pytest.mark.parametrize("size", [1567, 1569, -1568, 1568.0, "1568", True, None])
    def test_wrong_size(self, size: Any) -> None:
        """A size that is not that of the bytes is refused, and so are bytes that nobody announced."""
        with pytest.raises(ProtocolError, match="unexpected binary data"):
            read(tensor(parameters=binary(size)), tail=bytes(1568))

    def test_data_twice(self) -> None:
        """Values both in JSON and behind it are refused."""
        with pytest.raises(ProtocolError, match="both"):
            read(tensor(data=[0] * 1568, parameters=binary(1568)), tail=bytes(1568))

    @pytest.mark.parametrize("num_inputs", [0, 2])
    def test_number_of_inputs(self, num_inputs: int) -> None:
        """One input is expected."""
        with pytest.raises(ProtocolError, match=f"got {num_inputs} inputs"):
            read(*[tensor(data=[0] * 1568)] * num_inputs)

    def test_id(self) -> None:
        """An id is a string."""
        with pytest.raises(ProtocolError, match="'id'"):
            read(tensor(data=[0] * 1568), id=1)


class TestOutputs:
    """The outputs asked for."""

    def test_all(self) -> None:
        """Without a wish, all come, in the encoding of the request's parameter."""
        for is_binary in (False, True):
            parameters = {"binary_data_output": is_binary}

            request = read(tensor(data=[0] * 1568), parameters=parameters)

            assert request.outputs == tuple(RequestedOutput(name, is_binary) for name in OUTPUTS)

    def test_wishes(self) -> None:
        """The order is the client's, and an output's own encoding goes before the request's."""
        wishes = [
            {"name": "status"},
            {"name": "probabilities", "parameters": {"binary_data": False, "classification": 3}},
        ]

        request = read(
            tensor(data=[0] * 1568), outputs=wishes, parameters={"binary_data_output": True}
        )

        expected = RequestedOutput("status", True), RequestedOutput("probabilities", False, 3)
        assert request.outputs == expected

    @pytest.mark.parametrize(
        "wish",
        [
            {"name": "x"},
            {"name": []},
            {},
            "probabilities",
            {"name": "probabilities", "parameters": {"classification": -1}},
            {"name": "probabilities", "parameters": {"classification": "3"}},
            {"name": "class", "parameters": {"classification": 3}},
        ],
        ids=str,
    )
    def test_wrong_wishes(self, wish: Any) -> None:
        """Outputs that there are none of are refused."""
        with pytest.raises(ProtocolError):
            read(tensor(data=[0] * 1568), outputs=[wish])

    def test_too_many_wishes(self) -> None:
        """So is a request for one output over and over: each is written anew."""
        wishes = [{"name": "class"}] * (MAX_OUTPUTS + 1)

        with pytest.raises(ProtocolError, match="asks for 17 outputs; at most 16"):
            read(tensor(data=[0] * 1568), outputs=wishes)
        assert len(read(tensor(data=[0] * 1568), outputs=wishes[1:]).outputs) == MAX_OUTPUTS


class TestSharedMemory:
    """Triton's extension for shared memory, which is not offered."""

    @pytest.mark.parametrize("name", ["shared_memory_region", "shared_memory_byte_size"])
    def test_refused(self, name: str) -> None:
        """An input or an output in shared memory is refused, with what to do."""
        with pytest.raises(ProtocolError, match="Shared memory is not offered"):
            read(tensor(parameters={name: "r"}))

        with pytest.raises(ProtocolError, match="Shared memory is not offered"):
            read(tensor(data=[0] * 1568), outputs=[{"name": "class", "parameters": {name: "r"}}])


class TestFuzzed:
    """Whatever comes, it is a request or refused."""

    @given(st.binary(max_size=200), st.none() | st.integers(-1, 300).map(str))
    def test_bytes(self, body: bytes, header_length: str | None) -> None:
        """Any bytes are refused as the client's fault, or are the raw form."""
        outcome = status_or_request(body, header_length)

        assert outcome in range(400, 500) or isinstance(outcome, InferenceRequest)

    @settings(max_examples=300)
    @given(
        st.dictionaries(st.sampled_from(["name", "datatype", "shape", "data"]), as_json), as_json
    )
    def test_members(self, members: dict[str, Any], parameters: Any) -> None:
        """Any value in any place of an input is refused, or is one that means two digits."""
        entry = {**tensor(data=[0] * 1568), **members, "parameters": parameters}
        body = json.dumps({"inputs": [entry]}).encode()

        outcome = status_or_request(body, None)

        if isinstance(outcome, InferenceRequest):
            assert isinstance(outcome.images, np.ndarray)
            assert outcome.images.shape == (2, 28, 28)
        else:
            assert outcome in range(400, 500)
