"""KServe's REST client, as it comes from the package index."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import numpy as np
import pytest
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

from .conftest import TOLERANCE, Case

NUM_REQUESTS = 300


def ask(question: Callable[[Any], Awaitable[Any]], protocol: str = "v2", **options: Any) -> Any:
    """Ask with a client of a protocol."""

    async def ask_and_close() -> Any:
        config = RESTConfig(protocol=protocol, retries=0, **options)
        async with InferenceRESTClient(config) as client:
            return await question(client)

    return asyncio.run(ask_and_close())


def digits_request(digits: Any, datatype: str, *, is_binary: bool) -> Any:
    """Return a request of canonical digits, which asks for the encoding that it has."""
    values = digits if datatype == "UINT8" else (digits / 255).astype(np.float32)
    tensor = InferInput("images", list(values.shape), datatype)
    tensor.set_data_from_numpy(values, binary_data=is_binary)
    return InferRequest(
        "digits", [tensor], request_id="mine", parameters={"binary_data_output": is_binary}
    )


def infer(case: Case, request: Any, **options: Any) -> Any:
    """Send a request."""
    return ask(lambda client: client.infer(case.url, request, model_name="digits", **options))


def probabilities(answer: Any) -> Any:
    """Return the probabilities [N, 10] of an answer."""
    return answer.get_output_by_name("probabilities").as_numpy()


def test_health(case: Case) -> None:
    """The client reads that the server lives and is ready, and its model too."""
    assert ask(lambda client: client.is_server_live(case.url)) is True
    assert ask(lambda client: client.is_server_ready(case.url)) is True
    assert ask(lambda client: client.is_model_ready(case.url, "digits")) is True
    assert ask(lambda client: client.is_model_ready(case.url, "half")) is False


@pytest.mark.parametrize("is_binary", [True, False])
@pytest.mark.parametrize("datatype", ["UINT8", "FP32"])
def test_digits(case: Case, datatype: str, is_binary: bool) -> None:
    """Types and encodings give the numbers of `/predict`."""
    answer = infer(case, digits_request(case.digits, datatype, is_binary=is_binary))

    case.check(probabilities(answer))
    assert answer.get_output_by_name("class").as_numpy().tolist() == case.classes
    assert (answer.id, answer.model_name) == ("mine", "digits")


@pytest.mark.parametrize("is_binary", [True, False])
def test_pictures(case: Case, is_binary: bool) -> None:
    """Files are bytes, or in JSON base64 by `content_type`."""
    tensor = InferInput("image", [len(case.pictures)], "BYTES")
    if is_binary:
        tensor.set_data_from_numpy(np.array(case.pictures, object), binary_data=True)
    else:
        tensor.parameters = {"content_type": "base64"}
        tensor.data = [base64.b64encode(file).decode() for file in case.pictures]

    case.check_pictures(probabilities(infer(case, InferRequest("digits", [tensor]))))


@pytest.mark.parametrize(
    ("name", "shape", "datatype"),
    [
        ("x", [1, 28, 28], "UINT8"),
        ("images", [1, 27, 28], "UINT8"),
        ("images", [1, 28, 28], "INT64"),
    ],
)
def test_wrong_inputs(case: Case, name: str, shape: list[int], datatype: str) -> None:
    """A wrong name, shape or type is 400, and the client shows our words."""
    tensor = InferInput(name, shape, datatype, data=[0] * int(np.prod(shape)))

    with pytest.raises(httpx.HTTPStatusError) as caught:
        infer(case, InferRequest("digits", [tensor]))

    assert caught.value.response.status_code == 400
    assert caught.value.response.json()["error"]


def test_unknown_model(case: Case) -> None:
    """An unknown model is 404."""
    request = digits_request(case.digits, "UINT8", is_binary=False)

    with pytest.raises(httpx.HTTPStatusError) as caught:
        ask(lambda client: client.infer(case.url, request, model_name="half"))

    assert caught.value.response.status_code == 404


def test_keys(case: Case) -> None:
    """A service that asks for a key refuses the client without, and answers it with."""
    request = digits_request(case.digits, "UINT8", is_binary=True)

    with pytest.raises(httpx.HTTPStatusError) as caught:
        ask(lambda client: client.infer(case.keyed_url, request, model_name="digits"))
    answer = ask(
        lambda client: client.infer(
            case.keyed_url, request, model_name="digits", headers={"X-API-Key": case.key}
        )
    )

    assert caught.value.response.status_code == 401
    case.check(probabilities(answer))


def test_many(case: Case) -> None:
    """Several hundred requests at once, each on a connection of its own, get their own answers."""
    requests = [
        digits_request(digit[np.newaxis], "UINT8", is_binary=bool(at % 2))
        for at, digit in enumerate(case.digits)
    ]

    async def send_all(client: Any) -> list[Any]:
        sent = [
            client.infer(case.url, requests[at % len(requests)], model_name="digits")
            for at in range(NUM_REQUESTS)
        ]
        return await asyncio.gather(*sent)

    connections = httpx.AsyncHTTPTransport(limits=httpx.Limits(max_connections=NUM_REQUESTS))
    answers = ask(send_all, transport=connections)
    found = [probabilities(answer)[0] for answer in answers]

    expected = [case.probabilities[at % len(requests)] for at in range(NUM_REQUESTS)]
    np.testing.assert_allclose(found, expected, atol=TOLERANCE)


def test_first_protocol(case: Case) -> None:
    """KServe's first protocol has the rows of TensorFlow Serving."""
    instances = {"instances": case.digits.tolist()}

    answer = ask(
        lambda client: client.infer(case.url, instances, model_name="digits"), protocol="v1"
    )

    case.check(answer["predictions"])


def explain(case: Case, instances: list[Any], url: str, **options: Any) -> Any:
    """Have images explained."""
    data = {"instances": instances}
    return ask(lambda client: client.explain(url, "digits", data, **options), protocol="v1")


def test_explanations(case: Case) -> None:
    """Digits and pictures get their rows, and which ink spoke for each answer."""
    files = [{"b64": base64.b64encode(file).decode()} for file in case.pictures]
    digits = case.digits[:3].tolist()

    answer = explain(case, digits, case.url)

    np.testing.assert_allclose(answer["predictions"], case.probabilities[:3], atol=TOLERANCE)
    assert [each["class"] for each in answer["explanations"]] == case.classes[:3]
    evidence = [each["saliency"][0]["evidence"] for each in answer["explanations"]]
    assert np.shape(evidence) == (3, 28, 28)
    case.check_pictures(explain(case, files, case.url)["predictions"])


def test_explanations_with_keys(case: Case) -> None:
    """A service that asks for a key explains nothing without."""
    digits = case.digits[:1].tolist()

    with pytest.raises(httpx.HTTPStatusError) as caught:
        explain(case, digits, case.keyed_url)
    answer = explain(case, digits, case.keyed_url, headers={"X-API-Key": case.key})

    assert caught.value.response.status_code == 401
    assert [each["class"] for each in answer["explanations"]] == case.classes[:1]
