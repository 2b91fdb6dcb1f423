"""Explanations: `:explain` of KServe's first protocol, which TensorFlow Serving does not have.

images -> predictions -> ink that spoke for each -> JSON
"""

from typing import Any

from pydantic_core import to_json

from service.answers.data_urls import to_data_url
from service.answers.writing import answer_saliency
from service.inference.recognition import Model, Prediction
from service.intake.admission import Place
from service.protocols.recognising import Images, probabilities_of, recognise_here
from service.resources import Resources
from service.routes.explain import find_evidence

MAX_EXPLAINED = 8  # images of one request; each keeps a core busy for some tens of milliseconds


def explain_images(resources: Resources, model: Model, images: Images, place: Place) -> bytes:
    """Explain the images of one request, whose turn has come, in this thread.

    Args:
        resources: What the lifespan made.
        model: Which model is to answer.
        images: At least one.
        place: The request's place.

    Returns:
        The answer's JSON: `predictions` as rows, and an explanation of each, with the members of `/explain`.

    Raises:
        ProtocolError: If a picture cannot be used; it names which.
        UploadTooLargeError: If a picture has more bytes than an upload may.
        OverloadedError: If the request's time has run out.
        ClientLeftError: If its client has left.
    """
    predictions = recognise_here(resources, model, images, place)
    explanations = []
    for prediction in predictions:
        place.check_client()
        explanations.append(_explain(model, prediction))
    rows = probabilities_of(predictions).tolist()
    return to_json({"predictions": rows, "explanations": explanations})


def _explain(model: Model, prediction: Prediction) -> dict[str, Any]:
    """Write the explanation of one image."""
    saliency = answer_saliency(find_evidence(model, prediction))
    return {
        "class": prediction.digit,
        "status": prediction.status,
        "canonical": to_data_url(prediction.seen.image),
        "saliency": [entry.model_dump(by_alias=True) for entry in saliency],
    }
