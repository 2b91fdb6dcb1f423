"""Requests: the body of an inference request to its images and the outputs that it asks for.

body -> JSON, and the bytes behind it -> input -> digits or pictures; outputs

Each image is checked here, once; behind this border the shapes hold.
"""

from dataclasses import dataclass

from service.errors import ProtocolError
from service.protocols.bodies import Json, as_list, as_object, parse_json, quote
from service.protocols.open_inference.inputs import read_images, refuse_shared_memory
from service.protocols.open_inference.outputs import OUTPUTS, RequestedOutput
from service.protocols.recognising import Images, Pictures

MAX_OUTPUTS = 16  # of one request, which may ask for one in several forms


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
        read_images(request.get("inputs"), body[num_header_bytes:], max_images),
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


def _read_outputs(request: dict[str, Json]) -> tuple[RequestedOutput, ...]:
    """Return the outputs that a request asks for; all, where it names none."""
    parameters = as_object(request.get("parameters"), "'parameters'")
    is_binary = parameters.get("binary_data_output") is True
    wanted = as_list(request.get("outputs"), "'outputs'")
    if len(wanted) > MAX_OUTPUTS:
        raise ProtocolError(
            f"The request asks for {len(wanted)} outputs; at most {MAX_OUTPUTS} are given at once."
        )
    if not wanted:
        return tuple(RequestedOutput(name, is_binary) for name in OUTPUTS)
    return tuple(_read_output(as_object(each, "An output"), is_binary) for each in wanted)


def _read_output(wanted: dict[str, Json], is_binary: bool) -> RequestedOutput:
    """Read one output that is asked for."""
    name = wanted.get("name")
    if not isinstance(name, str) or name not in OUTPUTS:
        raise ProtocolError(
            f"unexpected inference output {quote(name)}; expected is one of {', '.join(OUTPUTS)}"
        )
    parameters = as_object(wanted.get("parameters"), "'parameters'")
    refuse_shared_memory(parameters)
    num_classes = parameters.get("classification", 0)
    if type(num_classes) is not int or num_classes < 0 or (num_classes and name != "probabilities"):
        raise ProtocolError(
            "'classification' is a number of classes, and of the output 'probabilities' alone"
        )
    return RequestedOutput(name, parameters.get("binary_data", is_binary) is True, num_classes)
