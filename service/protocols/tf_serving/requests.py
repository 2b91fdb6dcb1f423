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
from service.protocols.bodies import Json, as_list, parse_json, shorten
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
DOCUMENT = (
    "JSON Value: ..."  # before what is wrong with it; TensorFlow Serving sends the whole of it back
)
_KINDS: dict[type, str] = {
    type(None): "Null",
    int: "Number",
    float: "Number",
    str: "String",
    list: "Array",
}


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
        raise ProtocolError(
            f"{DOCUMENT} Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist"
        )
    if not is_row and "inputs" not in request:
        raise ProtocolError("Missing 'inputs' or 'instances' key")
    name, values = (
        _name_rows(_read_rows(request["instances"])) if is_row else _name_columns(request["inputs"])
    )
    return PredictRequest(_read_images(name, values, max_images), is_row)


def read_classify(body: bytes, *, max_images: int) -> Images:
    """Read the body of `:classify`: examples of one feature, which `context` may hold for all.

    Raises:
        ProtocolError: If it breaks a rule of the protocol.
    """
    request = _read_object(body, max_images)
    if "examples" not in request:
        raise ProtocolError(
            f"{DOCUMENT} When method is classify, key 'examples' is expected and was not found"
        )
    examples = request["examples"]
    if not isinstance(examples, list):
        raise ProtocolError(f"{DOCUMENT} Expecting 'examples' value to be an list/array")
    if not examples:
        raise ProtocolError(f"{DOCUMENT} 'examples' value is an empty array")
    check_num_images(len(examples), max_images=max_images)
    context = _read_example(request.get("context", {}))
    if len(context) > 1 or BASE64 in context:  # every row repeats it
        raise ProtocolError(
            f"'context' brings {shorten(', '.join(context))}; it may bring one feature, '{DIGITS}' or '{PICTURES}'."
        )
    rows: list[Json] = [{**context, **_read_example(example)} for example in examples]
    name, values = _name_rows(rows)
    distinct = {id(value): value for value in values}  # a context's is one object in all rows
    read = _read_images(name, [*distinct.values()], max_images)
    places = {key: place for place, key in enumerate(distinct)}
    at = [places[id(value)] for value in values]
    return Pictures([read.files[place] for place in at]) if isinstance(read, Pictures) else read[at]


def _read_rows(rows: Json) -> list[Json]:
    """Return the rows of `:predict`."""
    if not isinstance(rows, list):
        raise ProtocolError(f"{DOCUMENT} Excepting 'instances' to be an list/array")
    if not rows:
        raise ProtocolError(f"{DOCUMENT} No values in 'instances' array")
    return rows


def _read_example(example: Json) -> dict[str, Json]:
    """Return the features of an example."""
    if not isinstance(example, dict):
        kind = str(example) if isinstance(example, bool) else _KINDS[type(example)]
        raise ProtocolError(f"Example must be JSON object but got JSON {kind}")
    return example


def _read_object(body: bytes, max_images: int) -> dict[str, Json]:
    """Parse a request, and check its signature."""
    request = parse_json(body, max_images=max_images)
    if not isinstance(request, dict):
        raise ProtocolError(f"{DOCUMENT} Is not object")
    signature = request.get("signature_name", SIGNATURE)
    if not isinstance(signature, str):
        raise ProtocolError(
            f"{DOCUMENT} not formatted correctly. 'signature_name' key must be a string value."
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
    unknown = next((name for name in value if name not in {DIGITS, PICTURES}), None)
    if unknown is not None:
        raise ProtocolError(
            f"JSON object: does not have named input: {shorten(unknown)}. The inputs are '{DIGITS}' (arrays of "
            f"numbers) and '{PICTURES}' ({{'b64': text}})."
        )
    if len(value) != 1:
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
        raise ProtocolError(
            f"{DOCUMENT} not formatted correctly for base64 data. A picture is an object of the one key 'b64'."
        )
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
