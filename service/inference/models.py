"""The models that are served: found, loaded, and chosen by name and version.

directory of bundles -> newest valid version of each -> Models -> the Model that a request asks
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from service.bundle import Bundle, find_versions
from service.engines import EngineKind, create_engine
from service.errors import (
    BundleError,
    DigitserveError,
    EngineUnavailableError,
    UnknownModelError,
    UnknownVersionError,
)
from service.inference.recognition import Model
from service.preprocessing import PREPROCESSING_VERSION

logger = logging.getLogger("digitserve")


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
