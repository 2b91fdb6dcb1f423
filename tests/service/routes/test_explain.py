"""Tests of `/explain`."""

import io
import math

import httpx
import numpy as np
import pytest
from PIL import Image

from service.engines.litert import LiteRTEngine
from service.inference.recognition import Model
from service.resources import Resources
from tests.pictures import draw, encode
from tests.service.in_process import FakeEngine, ask, load_model

UPLOAD = encode(draw())


@pytest.fixture(scope="module")
def model() -> Model:
    """The default model, with an engine that always says 7 and a network that is its own."""
    return load_model(FakeEngine())


def _explain(model: Model, query: str = "") -> httpx.Response:
    """Have the picture explained."""
    return ask(model, "POST", f"/explain{query}", content=UPLOAD)


class TestJson:
    """The answer as JSON."""

    def test_describes_the_layers(self, model: Model) -> None:
        """The prediction with its details, and every layer's shape without its numbers."""
        answer = _explain(model).json()

        assert answer["class"] == 7
        assert answer["detail"]["canonical"].startswith("data:image/png;base64,")
        assert answer["layers"][1] == {
            "name": "convolution_1",
            "kind": "convolution",
            "shape": [14, 14, 32],
            "parameters": 832,
        }
        assert "saliency" not in answer

    def test_activations_of_a_layer(self, model: Model) -> None:
        """The layer that is asked for has numbers as its shape says, the others none."""
        layers = {it["name"]: it for it in _explain(model, "?layer=convolution_2").json()["layers"]}

        assert np.shape(layers["convolution_2"]["activations"]) == (14, 14, 64)
        assert [name for name, it in layers.items() if "activations" in it] == ["convolution_2"]

    def test_all_layers_with_weights(self, model: Model) -> None:
        """`*` means every layer; kernels come in the order rows, columns, inputs, maps."""
        layers = _explain(model, "?layer=*&weights=true").json()["layers"]

        assert all("activations" in it for it in layers)
        assert np.shape(layers[1]["kernel"]) == (5, 5, 1, 32)
        assert np.shape(layers[1]["bias"]) == (32,)
        assert "kernel" not in layers[0]

    def test_saliency(self) -> None:
        """Of the answer, then of the runner-up."""
        bundle = load_model(FakeEngine()).bundle
        answer = _explain(
            Model(bundle, LiteRTEngine(bundle.litert_program)), "?saliency=true"
        ).json()

        order = np.argsort(answer["probabilities"])[::-1]
        assert [it["class"] for it in answer["saliency"]] == order[:2].tolist()
        assert np.shape(answer["saliency"][0]["evidence"]) == (28, 28)
        assert np.any(answer["saliency"][0]["evidence"])

    def test_unknown_layer(self, model: Model) -> None:
        """The problem names the layers that there are."""
        answer = _explain(model, "?layer=convolution_9")

        assert answer.status_code == 422
        assert answer.json()["type"].endswith("unusable-explanation")
        assert "no layer 'convolution_9'. Its layers are: input, convo" in answer.json()["detail"]


class TestPng:
    """The answer as a picture."""

    @pytest.mark.parametrize(
        ("query", "size"),
        [("layer=convolution_1", ((15 * 6 - 1) * 4,) * 2), ("saliency=true", (112, 112))],
    )
    def test_picture(self, query: str, size: tuple[int, int], model: Model) -> None:
        """A layer's maps, or the saliency of the answer."""
        answer = _explain(model, f"?format=png&{query}")

        assert answer.headers["content-type"] == "image/png"
        with Image.open(io.BytesIO(answer.content)) as image:
            assert image.size == size

    @pytest.mark.parametrize(
        ("query", "count"), [("", 0), ("&layer=*", 13), ("&layer=input&saliency=true", 2)]
    )
    def test_one_thing_at_a_time(self, query: str, count: int, model: Model) -> None:
        """Nothing cannot be drawn, and several things not in one picture."""
        answer = _explain(model, f"?format=png{query}")

        assert answer.status_code == 422
        assert f"asks for {count} of them" in answer.json()["detail"]


class TestCapacity:
    """The bound on explanations."""

    @pytest.mark.parametrize(("num_others", "status"), [(4, 200), (5, 503)])
    def test_only_so_many_wait(self, num_others: int, status: int, model: Model) -> None:
        """One is in work and four may wait; one more is sent away."""

        def crowd(resources: Resources) -> None:
            for _ in range(num_others):
                resources.explanation_gate.enter(math.inf)

        assert ask(model, "POST", "/explain", content=UPLOAD, prepare=crowd).status_code == status
