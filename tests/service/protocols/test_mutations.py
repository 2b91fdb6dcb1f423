"""Valid documents of both protocols, with each value in turn put out of place."""

import base64
import copy
import json
import math
from collections.abc import Iterator
from typing import Any

import pytest

from service.errors import DigitserveError
from service.protocols.open_inference.requests import read_inference
from service.protocols.tf_serving.requests import read_classify, read_predict

DIGIT = [[0] * 28] * 28
PICTURE = base64.b64encode(b"\x89PNG").decode()
ROWS = {
    "signature_name": "serving_default",
    "instances": [{"image": {"b64": PICTURE}}, {"b64": PICTURE}],
}
COLUMNS = {"signature_name": "", "inputs": {"images": [DIGIT]}}
EXAMPLES = {
    "signature_name": "",
    "context": {"image": {"b64": PICTURE}},
    "examples": [{"image": {"b64": PICTURE}}, {}],
}
TENSOR = {
    "id": "mine",
    "parameters": {"binary_data_output": True},
    "inputs": [
        {"name": "image", "datatype": "BYTES", "shape": [1], "parameters": {"content_type": "base64"}}
        | {"data": [PICTURE]}
    ],
    "outputs": [
        {"name": "probabilities", "parameters": {"classification": 3, "binary_data": False}},
        {"name": "class"},
    ],
}  # fmt: skip
READERS = [
    pytest.param(read_predict, ROWS, id="rows"),
    pytest.param(read_predict, COLUMNS, id="columns"),
    pytest.param(read_classify, EXAMPLES, id="examples"),
    pytest.param(
        lambda body, **options: read_inference(body, None, **options), TENSOR, id="tensor"
    ),
]
ODD_VALUES: list[Any] = [None, True, 0, 5, -1, 1.5, math.nan, 10**400, "", "x" * 5000, [], {}]
ODD_VALUES += [[None], [[]], [{}], {"x": []}, {"b64": []}, {"images": {}}]


def list_paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the way to every value of a document; of long arrays, to the first of them."""
    yield path
    keys = list(value) if isinstance(value, dict) else range(isinstance(value, list) and len(value))
    for key in list(keys)[: None if isinstance(value, dict) else 2]:
        yield from list_paths(value[key], (*path, key))


def mutate(document: Any, path: tuple[Any, ...], odd: Any) -> Any:
    """Return a document with an odd value at a place."""
    if not path:
        return odd
    mutated = place = copy.deepcopy(document)
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = odd
    return mutated


def status_of(read: Any, document: Any) -> int:
    """Return the status that a document is refused with; 200: it is read."""
    try:
        read(json.dumps(document).encode(), max_images=2)
    except DigitserveError as error:
        status, text = error.status, str(error)
    else:
        return 200
    assert len(text) < 300  # what a client sent does not come back whole
    return status


@pytest.mark.parametrize(("read", "document"), READERS)
def test_every_place(read: Any, document: Any) -> None:
    """Whatever stands in whichever place, the document is read or refused as the client's fault."""
    paths = list(list_paths(document))

    statuses = {
        status_of(read, mutate(document, path, odd)) for path in paths for odd in ODD_VALUES
    }

    assert status_of(read, document) == 200
    assert len(paths) > 7
    assert statuses <= {200, 400, 413, 422}


@pytest.mark.parametrize(("read", "document"), READERS)
def test_every_key(read: Any, document: Any) -> None:
    """Whichever key is missing or another one, likewise."""
    text = json.dumps(document)
    keys = {key for path in list_paths(document) for key in path if isinstance(key, str)}

    statuses = {status_of(read, json.loads(text.replace(f'"{key}"', '"odd"'))) for key in keys}

    assert len(keys) > 2
    assert statuses <= {200, 400}
