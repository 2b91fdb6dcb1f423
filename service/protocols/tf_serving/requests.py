"""Requests: the bodies of `:predict` and `:classify` to images.

JSON -> rows, columns or examples -> digits or pictures

An image is an array of numbers, a canonical digit, or `{"b64": text}`, a picture's file; it may be the
value of the input's name, `images` or `image`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from service.engines import Digits
from service.errors import ProtocolError
from service.preprocessing.canonical import SIDE
from service.protocols.bodies import Json, as_list, as_object, parse_json, shorten
from service.protocols.recognising import Images, Pictures, decode_base64
from service.protocols.tensors import (
    Number,
    check_num_images,
    count_digits,
    is_whole,
    levels_of,
    read_numbers,
    scale,
    shares_of,
    unnest,
)

SIGNATURE = "serving_default"
BASE64 = "b64"
DIGITS, PICTURES = "images", "image"


@dataclass(frozen=True)
class PredictRequest:
    """What a client asks to predict.

    Attributes:
        images: At least one.
        is_row: Whether it sent them in rows, each image for itself, and wants the answers so.
    """

    images: Images
    is_row: bool


def read_predict(body: bytes, *, max_images: int) -> PredictRequest:
    """Read the body of `:predict`, in row or column form.

    Raises:
        ProtocolError: If it breaks a rule of the protocol.
    """
    request = _read_object(body, max_images)
    is_row = "instances" in request
    if is_row and "inputs" in request:
        raise ProtocolError("Expecting exactly one of 'inputs' or 'instances' key")
    if not is_row and "inputs" not in request:
        raise ProtocolError("Missing 'inputs' or 'instances' key")
    name, values = (
        _name_rows(as_list(request["instances"], "'instances'"))
        if is_row
        else _name_columns(request["inputs"])
    )
    return PredictRequest(_read_images(name, values, max_images), is_row)


def read_classify(body: bytes, *, max_images: int) -> Images:
    """Read the body of `:classify`: examples of one feature, which `context` may hold for all.

    Raises:
        ProtocolError: If it breaks a rule of the protocol.
    """
    request = _read_object(body, max_images)
    if "examples" not in request:
        raise ProtocolError("Missing 'examples' key")
    context = as_object(request.get("context"), "'context'")
    examples = [
        {**context, **as_object(example, "An example")}
        for example in as_list(request["examples"], "'examples'")
    ]
    return _read_images(*_name_rows(examples), max_images)


def _read_object(body: bytes, max_images: int) -> dict[str, Json]:
    """Parse a request, and check its signature."""
    request = as_object(parse_json(body, max_images=max_images), "The request")
    signature = request.get("signature_name", SIGNATURE)
    if not isinstance(signature, str):
        raise ProtocolError(
            "JSON Value: ... not formatted correctly. 'signature_name' key must be a string value."
        )
    if signature not in {SIGNATURE, ""}:
        raise ProtocolError(
            f'Serving signature name: "{shorten(signature)}" not found in signature def'
        )
    return request


def _name_rows(rows: Sequence[Json]) -> tuple[str, list[Json]]:
    """Return which input the rows are of, and the value of each."""
    named = [_name(row) for row in rows]
    names = {name for name, _ in named}
    if len(names) > 1:
        raise ProtocolError("Rows of digits and of pictures are mixed. Send them in two requests.")
    return (names or {DIGITS}).pop(), [value for _, value in named]


def _name_columns(inputs: Json) -> tuple[str, list[Json]]:
    """Return which input the columns are of, and its values."""
    if isinstance(inputs, list):
        return _name_rows(inputs)
    name, values = _name(inputs)
    # One picture may stand for itself.
    return name, [values] if isinstance(values, dict) else as_list(values, f"'{name}'")


def _name(value: Json) -> tuple[str, Json]:
    """Return which input a value is of, and the value without the name."""
    if not isinstance(value, dict):
        return DIGITS, value
    if BASE64 in value:
        return PICTURES, value
    if len(value) != 1 or not value.keys() <= {DIGITS, PICTURES}:
        raise ProtocolError(
            f"An input is no object of either '{DIGITS}' (arrays of numbers) or '{PICTURES}' ({{'b64': text}})."
        )
    return next(iter(value.items()))


def _read_images(name: str, values: list[Json], max_images: int) -> Images:
    """Read the values of an input, one for each image."""
    check_num_images(len(values), max_images=max_images)
    if name == PICTURES:
        return Pictures([_decode(value) for value in values])
    return _read_digits(values, max_images)


def _decode(value: Json) -> bytes:
    """Return the file that an object of base64 means."""
    text = value.get(BASE64) if isinstance(value, dict) and len(value) == 1 else None
    if not isinstance(text, str):
        raise ProtocolError("A picture is no object of the one key 'b64' with a text of base64.")
    return decode_base64(text)


def _read_digits(values: list[Json], max_images: int) -> Digits:
    """Read canonical digits, each by its own numbers: its neighbours change nothing."""
    flat, shape = unnest(values)
    if shape[1:] == (SIDE * SIDE,):  # a feature of an example is flat
        shape = (len(values), SIDE, SIDE)
    num_digits = count_digits(shape, max_images=max_images)
    numbers = read_numbers(flat, num_digits)
    digits = np.empty((num_digits, SIDE * SIDE), np.uint8)
    for index, digit in enumerate(digits):
        start = index * SIDE * SIDE
        digit[:] = _read_levels(numbers[start : start + SIDE * SIDE])
    return digits.reshape(num_digits, SIDE, SIDE)


def _read_levels(numbers: Sequence[Number]) -> npt.NDArray[np.uint8]:
    """Read the numbers of one digit as levels uint8 [784].

    JSON has one kind of number, and JavaScript writes 1.0 as 1. Whole numbers of which one is above 1 are
    levels 0..255, since a digit of no level above 1 shows nothing; all others are shares of ink 0..1.
    """
    is_levels = is_whole(numbers) and max(numbers) > 1
    return levels_of(numbers) if is_levels else scale(shares_of(numbers))
