"""Inputs: the one tensor of an inference request to its images.

input, the bytes behind the JSON -> name, type, shape, values checked -> digits or pictures
"""

import struct
from dataclasses import dataclass

import numpy as np

from service.engines import Digits
from service.errors import ProtocolError
from service.preprocessing.canonical import SIDE
from service.protocols.bodies import Json, as_list, as_object, quote
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


def read_images(inputs: Json, tail: bytes, max_images: int) -> Images:
    """Read the one input of a request.

    Args:
        inputs: The JSON of the inputs.
        tail: The bytes behind the JSON, which may be its values.
        max_images: Most images of one request.

    Raises:
        ProtocolError: If there is not one, or it breaks a rule of the protocol.
    """
    tensors = as_list(inputs, "'inputs'")
    if len(tensors) != 1:
        raise ProtocolError(
            f"expected 1 inputs but got {len(tensors)} inputs: 'images' of canonical digits, or 'image' of "
            "picture files"
        )
    tensor = as_object(tensors[0], "An input")
    name, datatype = tensor.get("name"), tensor.get("datatype")
    if not isinstance(name, str) or name not in INPUTS:
        raise ProtocolError(
            f"unexpected inference input {quote(name)}; expected is 'images' or 'image'"
        )
    if not isinstance(datatype, str) or datatype not in INPUTS[name]:
        raise ProtocolError(
            f"unexpected datatype {quote(datatype)} of input '{name}', expecting {' or '.join(INPUTS[name])}"
        )
    shape = _read_shape(tensor.get("shape"))
    entry = _Input(datatype, shape, tensor.get("data"), _read_content(tensor, tail))
    return _read_digits(entry, max_images) if name == "images" else _read_files(entry, max_images)


def refuse_shared_memory(parameters: dict[str, Json]) -> None:
    """Refuse a tensor that Triton would read or write in shared memory: it would be missed in silence.

    Raises:
        ProtocolError: If its parameters name a region.
    """
    if any(name.startswith("shared_memory_") for name in parameters):
        raise ProtocolError(
            "Shared memory is not offered. Send values in the request, and read them in the answer."
        )


def _read_shape(value: Json) -> tuple[int, ...]:
    """Return the dimensions of a tensor, at least one."""
    sizes = [size for size in as_list(value, "A 'shape'") if type(size) is int and size >= 0]
    if not sizes or len(sizes) != len(as_list(value, "A 'shape'")):
        raise ProtocolError("A 'shape' is no array of whole numbers that are not negative.")
    return tuple(sizes)


def _read_content(tensor: dict[str, Json], tail: bytes) -> bytes | None:
    """Return the bytes behind the JSON, if the input has its values there."""
    parameters = as_object(tensor.get("parameters"), "'parameters'")
    refuse_shared_memory(parameters)
    size = parameters.get("binary_data_size")
    if size is None and not tail:
        return None
    if type(size) is not int or size != len(tail):
        raise ProtocolError(
            f"unexpected binary data: 'binary_data_size' is {quote(size)}, and {len(tail)} bytes follow the JSON"
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
        raise ProtocolError(f"'image' has the shape {quote(list(entry.shape))}; expected is [N].")
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
