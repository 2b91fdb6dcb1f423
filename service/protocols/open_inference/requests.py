"""Requests: the body of an inference request to its images and the outputs that it asks for.

body -> JSON, and the bytes behind it -> input -> digits or pictures; outputs

Each image is checked here, once; behind this border the shapes hold.
"""

import struct
from dataclasses import dataclass

import numpy as np

from service.engines import Digits
from service.errors import ProtocolError
from service.preprocessing.canonical import SIDE
from service.protocols.bodies import Json, as_list, as_object, parse_json
from service.protocols.open_inference.outputs import OUTPUTS, RequestedOutput
from service.protocols.recognising import Images, Pictures, decode_base64
from service.protocols.tensors import (
    check_num_images,
    count_digits,
    levels_of,
    read_numbers,
    scale,
    shares_of,
    unnest,
)

INPUTS = {"images": ("UINT8", "FP32"), "image": ("BYTES",)}
SMALLEST_SHARE = np.finfo(np.float32).tiny  # 0.5 and 1.0 in the other byte order lie below
_LENGTH = struct.Struct("<I")


@dataclass(frozen=True)
class InferenceRequest:
    """What a client asks.

    Attributes:
        id: The client's name of the request, if it has one.
        images: At least one.
        outputs: Those that it wants, in its order; at least one.
    """

    id: str | None
    images: Images
    outputs: tuple[RequestedOutput, ...]


@dataclass(frozen=True)
class _Input:
    """The one input of a request.

    Attributes:
        datatype: One that its name goes with.
        shape: Its dimensions, whole numbers.
        data: Its values as JSON, where `content` is None.
        content: Its values as bytes.
    """

    datatype: str
    shape: tuple[int, ...]
    data: Json
    content: bytes | None


def read_inference(body: bytes, header_length: str | None, *, max_images: int) -> InferenceRequest:
    """Read an inference request.

    Args:
        body: Expanded.
        header_length: Value of `Inference-Header-Content-Length`: bytes of JSON in front of the tensors; 0: the
            body is the one picture itself; None: all of it is JSON.
        max_images: Most images of one request.

    Raises:
        ProtocolError: If it breaks a rule of the protocol.
    """
    num_header_bytes = len(body) if header_length is None else _read_length(header_length, body)
    if not num_header_bytes and header_length is not None:
        outputs = tuple(RequestedOutput(name, is_binary=True) for name in OUTPUTS)
        return InferenceRequest(None, Pictures([body]), outputs)
    document = parse_json(body[:num_header_bytes], max_images=max_images)
    request = as_object(document, "The request")
    return InferenceRequest(
        _read_id(request.get("id")),
        _read_images(request.get("inputs"), body[num_header_bytes:], max_images),
        _read_outputs(request),
    )


def _read_length(header_length: str, body: bytes) -> int:
    """Return the number of bytes of JSON."""
    is_number = header_length.isascii() and header_length.isdigit() and len(header_length) < 12
    if not is_number or int(header_length) > len(body):
        raise ProtocolError(
            f"Inference-Header-Content-Length is no whole number from 0 to the body's {len(body)} bytes."
        )
    return int(header_length)


def _read_id(value: Json) -> str | None:
    if value is not None and not isinstance(value, str):
        raise ProtocolError("The request's 'id' is no string.")
    return value


def _read_images(inputs: Json, tail: bytes, max_images: int) -> Images:
    """Read the one input, whose values may be the bytes behind the JSON."""
    tensors = as_list(inputs, "'inputs'")
    if len(tensors) != 1:
        raise ProtocolError(
            f"expected 1 inputs but got {len(tensors)} inputs: 'images' of canonical digits, or 'image' of "
            "picture files"
        )
    tensor = as_object(tensors[0], "An input")
    name, datatype = tensor.get("name"), tensor.get("datatype")
    if not isinstance(name, str) or name not in INPUTS:
        raise ProtocolError(f"unexpected inference input {name!r}; expected is 'images' or 'image'")
    if not isinstance(datatype, str) or datatype not in INPUTS[name]:
        raise ProtocolError(
            f"unexpected datatype {datatype!r} of input '{name}', expecting {' or '.join(INPUTS[name])}"
        )
    shape = _read_shape(tensor.get("shape"))
    entry = _Input(datatype, shape, tensor.get("data"), _read_content(tensor, tail))
    return _read_digits(entry, max_images) if name == "images" else _read_files(entry, max_images)


def _read_shape(value: Json) -> tuple[int, ...]:
    """Return the dimensions of a tensor, at least one."""
    sizes = [size for size in as_list(value, "A 'shape'") if type(size) is int and size >= 0]
    if not sizes or len(sizes) != len(as_list(value, "A 'shape'")):
        raise ProtocolError("A 'shape' is no array of whole numbers that are not negative.")
    return tuple(sizes)


def _read_content(tensor: dict[str, Json], tail: bytes) -> bytes | None:
    """Return the bytes behind the JSON, if the input has its values there."""
    size = as_object(tensor.get("parameters"), "'parameters'").get("binary_data_size")
    if size is None and not tail:
        return None
    if type(size) is not int or size != len(tail):
        raise ProtocolError(
            f"unexpected binary data: 'binary_data_size' is {size!r}, and {len(tail)} bytes follow the JSON"
        )
    if "data" in tensor:
        raise ProtocolError("An input has both 'data' and 'binary_data_size'.")
    return tail


def _read_digits(entry: _Input, max_images: int) -> Digits:
    """Read an input of canonical digits."""
    num_digits = count_digits(entry.shape, max_images=max_images)
    if entry.content is not None:
        return _read_binary_digits(entry.datatype, entry.content, num_digits)
    numbers = read_numbers(unnest(entry.data)[0], num_digits)
    levels = levels_of(numbers) if entry.datatype == "UINT8" else scale(shares_of(numbers))
    return levels.reshape(num_digits, SIDE, SIDE)


def _read_binary_digits(datatype: str, content: bytes, num_digits: int) -> Digits:
    """Read canonical digits from bytes, little-endian and row-major."""
    dtype = np.dtype("u1" if datatype == "UINT8" else "<f4")
    expected = num_digits * SIDE * SIDE * dtype.itemsize
    if len(content) != expected:
        raise ProtocolError(
            f"unexpected total byte size {len(content)} for input 'images', expecting {expected}"
        )
    values = np.frombuffer(content, dtype)
    if datatype == "UINT8":
        return values.reshape(num_digits, SIDE, SIDE)
    if np.any((values > 0) & (values < SMALLEST_SHARE)):
        raise ProtocolError(
            "'images' of FP32 holds numbers below all shares of ink, as big-endian ones read. Send them "
            "little-endian."
        )
    levels = scale(values)
    return levels.reshape(num_digits, SIDE, SIDE)


def _read_files(entry: _Input, max_images: int) -> Pictures:
    """Read an input of whole picture files."""
    num_files = entry.shape[0]
    if entry.shape[1:] not in {(), (1,)}:
        raise ProtocolError(f"'image' has the shape {list(entry.shape)}; expected is [N].")
    check_num_images(num_files, max_images=max_images)
    if entry.content is not None:
        files = _split_elements(entry.content, num_files)
    else:
        files = [_decode_element(value) for value in unnest(entry.data)[0]]
    if len(files) != num_files:
        raise ProtocolError(
            f"'image' brings {'more' if len(files) > num_files else 'fewer'} files than its shape means."
        )
    return Pictures(files)


def _decode_element(value: Json) -> bytes:
    """Return the file that an element of JSON means. No picture is text by itself, so that all are base64."""
    if not isinstance(value, str):
        raise ProtocolError("'image' in JSON holds something else than strings of base64.")
    return decode_base64(value)


def _split_elements(content: bytes, num_elements: int) -> list[bytes]:
    """Split the bytes of a BYTES tensor: four bytes of length and as many bytes, for each element.

    Where there are more than so many, it stops behind the first too many.
    """
    elements: list[bytes] = []
    at = 0
    while at < len(content) and len(elements) <= num_elements:
        start = at + _LENGTH.size
        if start > len(content):
            raise _misaligned()
        at = start + _LENGTH.unpack_from(content, at)[0]
        if at > len(content):
            raise _misaligned()
        elements.append(content[start:at])
    return elements


def _misaligned() -> ProtocolError:
    return ProtocolError(
        "'image' ends within an element. Each is four bytes of length, little-endian, and as many bytes."
    )


def _read_outputs(request: dict[str, Json]) -> tuple[RequestedOutput, ...]:
    """Return the outputs that a request asks for; all, where it names none."""
    parameters = as_object(request.get("parameters"), "'parameters'")
    is_binary = parameters.get("binary_data_output") is True
    wanted = as_list(request.get("outputs"), "'outputs'")
    if not wanted:
        return tuple(RequestedOutput(name, is_binary) for name in OUTPUTS)
    return tuple(_read_output(as_object(each, "An output"), is_binary) for each in wanted)


def _read_output(wanted: dict[str, Json], is_binary: bool) -> RequestedOutput:
    """Read one output that is asked for."""
    name = wanted.get("name")
    if not isinstance(name, str) or name not in OUTPUTS:
        raise ProtocolError(
            f"unexpected inference output {name!r}; expected is one of {', '.join(OUTPUTS)}"
        )
    parameters = as_object(wanted.get("parameters"), "'parameters'")
    num_classes = parameters.get("classification", 0)
    if type(num_classes) is not int or num_classes < 0 or (num_classes and name != "probabilities"):
        raise ProtocolError(
            "'classification' is a number of classes, and of the output 'probabilities' alone"
        )
    return RequestedOutput(name, parameters.get("binary_data", is_binary) is True, num_classes)
