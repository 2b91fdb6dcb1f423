"""Recognition: a canonical digit and a loaded model to an answer.

canonical digit -> engine -> probabilities -> status -> Prediction
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import numpy as np
import numpy.typing as npt

from service.bundle import Bundle, find_versions
from service.engines import Engine, EngineKind, create_engine
from service.errors import (
    BundleError,
    DigitserveError,
    EngineUnavailableError,
    UnknownModelError,
)
from service.preprocessing import PREPROCESSING_VERSION, CanonicalDigit

logger = logging.getLogger("digitserve")

Status = Literal["ok", "uncertain", "not_a_digit"]
NUM_SELF_TEST_DIGITS = 10


@dataclass(frozen=True)
class Prediction:
    """What a model says of one upload.

    Attributes:
        digit: The most probable class, 0..9.
        probabilities: float64 [10], summing to 1.
        status: Whether the answer can be relied on.
        seen: The canonical digit that the model saw.
    """

    digit: int
    probabilities: npt.NDArray[np.float64]
    status: Status
    seen: CanonicalDigit

    @property
    def confidence(self) -> float:
        """Probability of the answer."""
        return float(self.probabilities[self.digit])


def novelty(probabilities: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Tell how likely each picture is no digit at all.

    A network that knows what is no digit shares that probability among the ten evenly, so ten times the
    least of them is that probability (and a little more where every digit fits somewhat). A network that
    does not know it gives about 0.

    Args:
        probabilities: [..., 10].

    Returns:
        [...], 0..1.
    """
    rarest: npt.NDArray[np.floating] = probabilities.min(axis=-1) * probabilities.shape[-1]
    return rarest


class Model:
    """A bundle loaded into an engine.

    Attributes:
        bundle: The verified bundle.
        engine: The engine that computes it.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self.bundle = bundle
        self.engine = engine
        self._self_test_digits = bundle.validation_set().images[:NUM_SELF_TEST_DIGITS]
        self._tested_at = 0.0
        self.self_test()  # warms the engine: the first client never pays for it

    def predict(self, seen: CanonicalDigit) -> Prediction:
        """Recognise a canonical digit."""
        return self.interpret(self.engine.predict(seen.image[np.newaxis])[0], seen)

    def predict_many(self, seen: Sequence[CanonicalDigit]) -> list[Prediction]:
        """Recognise canonical digits, of any number, in one call of the engine."""
        if not seen:
            return []
        rows = self.engine.predict(np.stack([digit.image for digit in seen]))
        return [self.interpret(row, digit) for row, digit in zip(rows, seen, strict=True)]

    def interpret(self, row: npt.NDArray[np.float32], seen: CanonicalDigit) -> Prediction:
        """Turn the engine's answer float32 [10] to a digit into a prediction."""
        probabilities = row.astype(np.float64)
        probabilities /= probabilities.sum()
        digit = int(probabilities.argmax())
        return Prediction(digit, probabilities, self.judge(probabilities), seen)

    def judge(self, probabilities: npt.NDArray[np.floating]) -> Status:
        """Turn probabilities [10] into a status by the bundle's thresholds."""
        decision, confidence = self.bundle.manifest.decision, float(probabilities.max())
        is_novel = novelty(probabilities) > decision.novel_above
        if is_novel or confidence < decision.not_a_digit_below:
            return "not_a_digit"
        return "uncertain" if confidence < decision.uncertain_below else "ok"

    def self_test(self) -> None:
        """Run a real inference and remember when it succeeded.

        Raises:
            BundleError: If the probabilities are not finite or do not sum to 1.
        """
        probabilities = self.engine.predict(self._self_test_digits)
        if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3):
            raise BundleError(
                f"The model {self.bundle.manifest.name} computes no probabilities: its rows do not sum to 1. "
                "Export it anew."
            )
        self._tested_at = time.monotonic()

    @property
    def self_test_age_s(self) -> float:
        """Seconds since the last successful self-test."""
        return time.monotonic() - self._tested_at


def load_model(path: Path, engine: EngineKind) -> Model:
    """Read the bundle in a directory, load it into an engine and test it.

    Raises:
        BundleError: If the bundle must not be served.
        EngineUnavailableError: If the engine cannot run here.
    """
    bundle = Bundle.read(path, preprocessing_version=PREPROCESSING_VERSION)
    try:
        return Model(bundle, create_engine(engine, bundle))
    except DigitserveError:
        raise
    except Exception as cause:  # an engine may raise anything over a program that is not whole
        raise BundleError(
            f"The bundle {path.parent.name}/{path.name} cannot be computed by its engine: its network is "
            "damaged or of another kind. Export the model anew."
        ) from cause


def load_newest(paths: Sequence[Path], engine: EngineKind) -> Model:
    """Load the first valid one of a model's versions, and log why those before it were refused.

    Args:
        paths: The versions' directories, the newest first; at least one.
        engine: Kind of the engine.

    Raises:
        BundleError: If none may be served; it gives every reason.
        EngineUnavailableError: If the engine cannot run here.
    """
    refusals: list[BundleError] = []
    for path in paths:
        try:
            model = load_model(path, engine)
        except BundleError as error:
            refusals.append(error)
            continue
        for refusal in refusals:
            logger.error("%s Version %s is served instead.", refusal, path.name)
        return model
    raise BundleError(" ".join(map(str, refusals))) from refusals[0]


@dataclass(frozen=True)
class Models:
    """The models that are served.

    Attributes:
        by_name: Every model, by its name.
        default: Name of the model that answers when a request names none.
    """

    by_name: Mapping[str, Model]
    default: str

    @classmethod
    def load(cls, models_dir: Path, *, default: str, engine: EngineKind) -> Self:
        """Load the newest valid version of every model; each version that is refused is logged.

        Raises:
            BundleError: If the default has no version that may be served.
            EngineUnavailableError: If the engine cannot run here.
        """
        versions = find_versions(models_dir)
        if default not in versions:
            raise BundleError(
                f"The default model {default!r} is not among the bundles found: {', '.join(versions)}. "
                "Set DIGITSERVE_MODEL to one of them."
            )
        models = {}
        for name, paths in versions.items():
            try:
                models[name] = load_newest(paths, engine)
            except BundleError as error:
                if name == default:
                    raise
                logger.error("The model %s is not served. %s", name, error)
        return cls(models, default)

    def require_gpu(self) -> None:
        """Check that every model runs on a GPU.

        Raises:
            EngineUnavailableError: If one does not.
        """
        for name, model in self.by_name.items():
            if not model.engine.device.startswith("gpu"):
                raise EngineUnavailableError(
                    f"A GPU is required, and the model {name} runs on the {model.engine.device} with the "
                    f"engine {model.engine.name}. Give the service a GPU and an engine that uses it "
                    "(DIGITSERVE_ENGINE=tensorflow), or set DIGITSERVE_REQUIRE_GPU=0."
                )

    def find(self, name: str | None) -> Model:
        """Return the model of that name, or the default for None.

        Raises:
            UnknownModelError: If no model of that name is served.
        """
        model = self.by_name.get(name or self.default)
        if model is None:
            raise UnknownModelError(
                f"There is no model {name!r} here. Served are: {', '.join(self.by_name)}."
            )
        return model
