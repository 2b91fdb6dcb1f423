"""Both engines compute the same function."""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from service import engines
from service.bundle import Bundle
from service.engines import EngineKind, bound_gpu_memory, create_engine, import_engine
from service.engines.litert import LiteRTEngine
from service.errors import EngineUnavailableError
from service.preprocessing import PREPROCESSING_VERSION

BUNDLE = Path(__file__).parents[2] / "models/digits/1"


@pytest.mark.tensorflow
def test_parity() -> None:
    """LiteRT and TensorFlow agree to 1e-4 on all 10,000 evaluation digits."""
    bundle = Bundle.read(BUNDLE, preprocessing_version=PREPROCESSING_VERSION)
    images = bundle.evaluation_set().images

    litert = create_engine("litert", bundle).predict(images)
    tensorflow = create_engine("tensorflow", bundle).predict(images)

    assert litert.shape == tensorflow.shape == (10_000, 10)
    assert np.abs(litert - tensorflow).max() < 1e-4


def test_results_are_copies() -> None:
    """A later call does not change an earlier result."""
    bundle = Bundle.read(BUNDLE, preprocessing_version=PREPROCESSING_VERSION)
    engine = create_engine("litert", bundle)
    images = bundle.validation_set().images
    first = engine.predict(images[:1])
    before = first.copy()

    engine.predict(images[1:2])

    assert (first == before).all()


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    """The embedded bundle."""
    return Bundle.read(BUNDLE, preprocessing_version=PREPROCESSING_VERSION)


def test_many_digits_share_invocations(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteRT takes as many at once as it has a size for, in order, and says the same of each as alone."""
    engine = create_engine("litert", bundle)
    images = bundle.validation_set().images[:41]
    alone = np.concatenate([engine.predict(images[at : at + 1]) for at in range(41)])
    sizes, genuine = list[int](), LiteRTEngine._invoke

    def note_and_invoke(
        engine: LiteRTEngine, images: npt.NDArray[np.uint8]
    ) -> npt.NDArray[np.float32]:
        sizes.append(len(images))
        return genuine(engine, images)

    monkeypatch.setattr(LiteRTEngine, "_invoke", note_and_invoke)

    together = engine.predict(images)

    assert sizes == [16, 16, 8, 1]
    assert np.abs(together - alone).max() < 1e-6


class TestAuto:
    """Which engine `auto` takes."""

    def test_without_a_gpu(self, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
        """LiteRT on a machine without a GPU, though TensorFlow may be installed."""
        monkeypatch.setattr(engines, "_has_gpu", lambda: False)

        assert create_engine("auto", bundle).name == "litert"

    def test_without_tensorflow(self, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
        """LiteRT where there is a GPU but no TensorFlow."""
        monkeypatch.setattr(engines, "_has_gpu", lambda: True)
        monkeypatch.setattr(engines, "_is_installed", lambda package: package != "tensorflow")

        assert create_engine("auto", bundle).name == "litert"

    @pytest.mark.tensorflow
    def test_with_both(self, bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
        """TensorFlow where there are both."""
        monkeypatch.setattr(engines, "_has_gpu", lambda: True)

        assert create_engine("auto", bundle).name == "tensorflow"


def test_missing_package(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine whose package is not installed is refused with what to do."""
    monkeypatch.setattr(engines, "_is_installed", lambda _package: False)

    with pytest.raises(EngineUnavailableError, match="Install the requirements"):
        create_engine("tensorflow", bundle)


@pytest.mark.parametrize("is_installed", [True, False])
def test_import_that_fails(is_installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that cannot be imported ahead of its first model is left for that to explain."""
    monkeypatch.setattr(engines, "_is_installed", lambda _package: is_installed)
    monkeypatch.setitem(sys.modules, "service.engines.litert", None)

    import_engine("litert")


@pytest.mark.tensorflow
def test_gpu_memory_grows_as_needed(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A visible GPU is named and not taken whole, as TensorFlow would by itself."""
    import tensorflow as tf

    grown: list[tuple[str, bool]] = []
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: ["a GPU"])
    monkeypatch.setattr(tf.config, "get_logical_device_configuration", lambda _gpu: None)
    monkeypatch.setattr(
        tf.config.experimental,
        "set_memory_growth",
        lambda gpu, is_on: grown.append((gpu, is_on)),
    )

    engine = create_engine("tensorflow", bundle)

    assert engine.device == "gpu:0"
    assert grown == [("a GPU", True)]


@pytest.mark.tensorflow
def test_gpu_memory_is_bound(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU whose memory is bound has that and no more: it does not grow."""
    import tensorflow as tf

    bounds: dict[str, list[float]] = {}
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda _kind: ["a GPU"])
    monkeypatch.setattr(tf.config, "get_logical_device_configuration", bounds.get)
    monkeypatch.setattr(
        tf.config,
        "set_logical_device_configuration",
        lambda gpu, parts: bounds.update({gpu: [part.memory_limit for part in parts]}),
    )

    bound_gpu_memory("tensorflow", 2048)

    assert create_engine("tensorflow", bundle).device == "gpu:0"
    assert bounds == {"a GPU": [2048]}


@pytest.mark.parametrize(("kind", "megabytes"), [("litert", 2048), ("tensorflow", 0)])
def test_gpu_memory_that_nobody_bounds(
    kind: EngineKind, megabytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without TensorFlow or a bound nothing is bound, and TensorFlow is not imported for it."""
    monkeypatch.setitem(sys.modules, "service.engines.saved_model", None)

    bound_gpu_memory(kind, megabytes)
