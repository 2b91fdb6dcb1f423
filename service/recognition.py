"""Recognition: a canonical digit and a loaded model to an answer.

canonical digit -> engine -> probabilities -> status -> Prediction
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
import numpy.typing as npt

from service.batching import Batcher
from service.bundle import Bundle, find_versions
from service.engines import Engine, EngineKind, create_engine
from service.errors import (
    BundleError,
    DigitserveError,
    EngineUnavailableError,
    UnknownModelError,
    UnknownVersionError,
)
from service.preprocessing import PREPROCESSING_VERSION, CanonicalDigit
from service.request_record import AnswerRecord

if TYPE_CHECKING:
    from service.explanation import Network

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

    @property
    def record(self) -> AnswerRecord:
        """What the metrics and the log are told of it."""
        return AnswerRecord(self.digit, self.confidence, self.status, self.seen.image)


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
    """A bundle loaded into an engine: one version of a model.

    A request asks one such object from its beginning to its end, so that its answer names the version
    that gave it, whatever is loaded meanwhile. Without requests and references it goes, and its thread.

    Attributes:
        bundle: The verified bundle.
        engine: The engine that computes it.
        batcher: Gathers single digits for the engine.
    """

    def __init__(self, bundle: Bundle, engine: Engine) -> None:
        self.bundle = bundle
        self.engine = engine
        self.batcher = Batcher(engine)
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

    @cached_property
    def network(self) -> "Network":
        """The network layer by layer; read when it is first asked for."""
        from service.explanation import (
            Network,
        )  # a model that explains nothing loads nothing for it

        return Network(self.bundle.litert_program)

    @property
    def version(self) -> str:
        """Version of the bundle."""
        return self.bundle.manifest.version

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


Refusals = Mapping[str, str]
"""Why versions of a model were refused, by version."""


def load_newest(paths: Sequence[Path], engine: EngineKind) -> tuple[Model | None, Refusals]:
    """Load the first valid one of a model's versions.

    Args:
        paths: The versions' directories, the newest first.
        engine: Kind of the engine.

    Returns:
        The model, or None if no version may be served; and why the versions before it were refused.

    Raises:
        EngineUnavailableError: If the engine cannot run here.
    """
    refusals: dict[str, str] = {}
    for path in paths:
        try:
            return load_model(path, engine), refusals
        except BundleError as error:
            refusals[path.name] = str(error)
    return None, refusals


@dataclass
class Models:
    """The models that are served.

    Attributes:
        by_name: The version of every model that answers, by the model's name.
        default: Name of the model that answers when a request names none.
        pinned: Other versions that are loaded and answer whoever asks for them, by name and version.
        refused: Versions that were refused, at start or since, by the model's name.
    """

    by_name: Mapping[str, Model]
    default: str
    pinned: Mapping[tuple[str, str], Model] = field(default_factory=dict)
    refused: Mapping[str, Refusals] = field(default_factory=dict)

    @classmethod
    def load(
        cls,
        models_dir: Path,
        *,
        default: str,
        engine: EngineKind,
        preferred: Mapping[str, str] | None = None,
    ) -> Self:
        """Load the newest valid version of every model; each version that is refused is logged.

        Args:
            models_dir: Directory of the bundles.
            default: Name of the model that answers when a request names none.
            engine: Kind of the engine.
            preferred: By name, versions that are taken before newer ones, if they are valid.

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
        models, refused = {}, {}
        for name, paths in versions.items():
            preference = (preferred or {}).get(name)
            first = [path for path in paths if path.name == preference]
            others = [path for path in paths if path.name != preference]
            model, refused[name] = load_newest(first + others, engine)
            if model is not None:
                models[name] = model
            elif name == default:
                raise BundleError(" ".join(refused[name].values()))
            _log_refusals(name, model, refused[name])
        return cls(models, default, refused=refused)

    def warm_up(self) -> None:
        """Have every batcher compute all of its sizes once."""
        for model in self.by_name.values():
            model.batcher.warm_up()

    def close(self) -> None:
        """End the threads of the batchers."""
        for model in (*self.by_name.values(), *self.pinned.values()):
            model.batcher.close()

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

    def find(self, name: str | None, version: str | None = None) -> Model:
        """Return the model of that name, or the default for None.

        Args:
            name: The model's name.
            version: A version that is loaded; default: the one that is served.

        Raises:
            UnknownModelError: If no model of that name is served.
            UnknownVersionError: If that version of it is not loaded.
        """
        model = self.by_name.get(name or self.default)
        if model is None:
            raise UnknownModelError(
                f"There is no model {name!r} here. Served are: {', '.join(self.by_name)}."
            )
        if version is None or version == model.version:
            return model
        name = name or self.default
        pinned = self.pinned.get((name, version))
        if pinned is None:
            loaded = [model.version, *(other for owner, other in self.pinned if owner == name)]
            raise UnknownVersionError(
                f"Version {version!r} of {name} is not loaded. Loaded are: {', '.join(loaded)}."
            )
        return pinned


def _log_refusals(name: str, model: Model | None, refusals: Refusals) -> None:
    """Log why versions were refused, a line for each, and what is served instead."""
    served = (
        f"Version {model.version} is served instead" if model else f"The model {name} is not served"
    )
    for reason in refusals.values():
        logger.error("%s %s.", reason, served)
