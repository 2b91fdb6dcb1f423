"""Answers: predictions and evaluations as the contract's JSON, for the routes and the command line.

Imports no web framework, so that the command line needs none.
"""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from service.answers.data_urls import to_data_url
from service.answers.evaluation_detail import describe_digits
from service.answers.schemas import (
    BoxBody,
    ClassScoresBody,
    Detail,
    EvaluationBody,
    ExplanationBody,
    FailedLine,
    IntervalBody,
    LayerBody,
    MistakeBody,
    ModelIdentity,
    PredictedLine,
    PredictionBody,
    Problem,
    RejectedBody,
    SaliencyBody,
)
from service.evaluation.evaluating import Evaluation
from service.inference.recognition import Model, Prediction
from service.preprocessing import CanonicalDigit

if TYPE_CHECKING:  # which would load the LiteRT interpreter
    from service.explanation import Layer, Saliency

DECIMALS = 5  # of activations and evidence
WEIGHT_DECIMALS = 8  # the first filters are small: their pixels count up to 255


def answer_prediction(
    model: Model, prediction: Prediction, *, with_detail: bool = False
) -> PredictionBody:
    """Write a prediction as the answer of `/predict`.

    Args:
        model: The model that made it.
        prediction: What the model says.
        with_detail: Whether to add what the model saw.
    """
    return PredictionBody.model_validate(_members(model, prediction, with_detail=with_detail))


def answer_predicted_line(
    model: Model, prediction: Prediction, *, index: int, name: str, with_detail: bool
) -> PredictedLine:
    """Write a prediction as a line of `/predict/batch`, for the image of that place and name."""
    members = _members(model, prediction, with_detail=with_detail)
    return PredictedLine.model_validate(
        {"index": index, "name": name, "status_code": HTTPStatus.OK, **members}
    )


def answer_failed_line(problem: dict[str, Any], *, index: int, name: str) -> FailedLine:
    """Write a problem document as a line of `/predict/batch`."""
    return FailedLine(
        index=index, name=name, status_code=problem["status"], problem=Problem(**problem)
    )


def write_json(answer: BaseModel) -> bytes:
    """Write an answer as the bytes that a client gets."""
    return answer.model_dump_json(by_alias=True, exclude_none=True).encode()


def _members(model: Model, prediction: Prediction, *, with_detail: bool) -> dict[str, Any]:
    """Return a prediction by the names of the contract."""
    seen = prediction.seen
    return {
        "class": prediction.digit,
        "confidence": prediction.confidence,
        "probabilities": prediction.probabilities.tolist(),
        "status": prediction.status,
        "warnings": list(seen.warnings),
        "model": identify(model),
        "detail": _detail(seen) if with_detail else None,
    }


def _detail(seen: CanonicalDigit) -> Detail:
    """Write what the model saw."""
    return Detail(
        canonical=to_data_url(seen.image),
        ink_box=BoxBody(**asdict(seen.ink_box)),
        steps=list(seen.steps),
    )


def answer_explanation(
    model: Model,
    prediction: Prediction,
    layers: Sequence["Layer"],
    *,
    shown: Collection[str],
    with_weights: bool,
) -> ExplanationBody:
    """Write an explanation as the answer of `/explain`, as yet without saliency.

    Args:
        model: The model that made the prediction.
        prediction: What the model says.
        layers: All layers of its network.
        shown: Names of those whose activations are wanted.
        with_weights: Whether their weights are wanted too.
    """
    described = [_layer(it, is_shown=it.name in shown, with_weights=with_weights) for it in layers]
    members = _members(model, prediction, with_detail=True)
    return ExplanationBody.model_validate({**members, "layers": described})


def _layer(layer: "Layer", *, is_shown: bool, with_weights: bool) -> LayerBody:
    """Write a layer, its numbers as far as they are wanted."""
    has_weights = is_shown and with_weights
    return LayerBody(
        name=layer.name,
        kind=layer.kind,
        shape=list(layer.activations.shape),
        parameters=layer.num_parameters,
        activations=_numbers(layer.activations) if is_shown else None,
        kernel=_numbers(layer.kernel, WEIGHT_DECIMALS) if has_weights else None,
        bias=_numbers(layer.bias, WEIGHT_DECIMALS) if has_weights else None,
    )


def _numbers(array: npt.NDArray[np.float32] | None, decimals: int = DECIMALS) -> list[Any] | None:
    """Write an array as nested lists, to a fraction of what float32 knows."""
    return None if array is None else array.astype(np.float64).round(decimals).tolist()


def answer_saliency(saliencies: Sequence["Saliency"]) -> list[SaliencyBody]:
    """Write saliency as a part of the answer of `/explain`."""
    members = ({"class": it.digit, "evidence": _numbers(it.evidence)} for it in saliencies)
    return [SaliencyBody.model_validate(it) for it in members]


def answer_evaluation(
    model: Model, evaluation: Evaluation, *, with_detail: bool = False
) -> EvaluationBody:
    """Write an evaluation as the answer of `/evaluate`.

    Args:
        model: The model that was scored.
        evaluation: Its scores.
        with_detail: Whether to add every digit with its answer.
    """
    scores = evaluation.scores
    return EvaluationBody(
        n=scores.n,
        accuracy=scores.accuracy,
        accuracy_interval=IntervalBody(**asdict(scores.accuracy_interval)),
        loss=scores.loss,
        confusion_matrix=scores.confusion_matrix.tolist(),
        per_class=[ClassScoresBody(**asdict(entry)) for entry in scores.per_class],
        calibration_error=scores.calibration_error,
        worst_mistakes=[
            MistakeBody(**asdict(entry), image=to_data_url(evaluation.digits.images[entry.index]))
            for entry in scores.worst_mistakes
        ],
        rejected=[RejectedBody(**asdict(entry)) for entry in evaluation.rejected],
        duration_s=evaluation.duration_s,
        model=identify(model),
        detail=describe_digits(evaluation) if with_detail else None,
    )


def identify(model: Model) -> ModelIdentity:
    """Say which model answered."""
    manifest = model.bundle.manifest
    return ModelIdentity(name=manifest.name, version=manifest.version)
