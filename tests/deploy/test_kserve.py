"""The inference services of KServe, and the validation of kinds that are not Kubernetes' own."""

import re

import pytest
import yaml
from jsonschema import ValidationError

from service import __version__
from tests.deploy.custom_kinds import validate
from tests.deploy.test_kubernetes import FOLDER, ROOT


class TestValidation:
    """What finds mistakes in the kinds of operators."""

    @pytest.mark.parametrize("path", [("spec",), ("spec", "predictor", "containers", 0)])
    def test_unknown_field(self, path: tuple[str | int, ...]) -> None:
        """A field that nobody knows is found, in the resource and in its containers."""
        manifest = yaml.safe_load((FOLDER / "kserve/digitserve.yaml").read_text())
        part = manifest
        for step in path:
            part = part[step]
        part["misspelt"] = 1

        with pytest.raises(ValidationError, match="misspelt"):
            validate(manifest)


class TestKServe:
    """The inference services."""

    @pytest.mark.parametrize("name", ["digitserve", "saved-model"])
    def test_is_valid(self, name: str) -> None:
        """Each is what KServe's API describes, and its container what Kubernetes' does."""
        validate(yaml.safe_load((FOLDER / f"kserve/{name}.yaml").read_text()))

    def test_image_is_hardened_and_of_this_release(self) -> None:
        """The service's own image runs without privileges, and is probed by the protocol's route."""
        manifest = yaml.safe_load((FOLDER / "kserve/digitserve.yaml").read_text())
        (container,) = manifest["spec"]["predictor"]["containers"]

        assert container["image"] == f"digitserve:{__version__}-cpu"
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["readinessProbe"]["httpGet"]["path"] == "/v2/health/ready"

    def test_saved_model_is_served_as_it_lies_here(self) -> None:
        """The volume's path has the layout that TensorFlow's runtime looks for: versions, each a SavedModel."""
        manifest = yaml.safe_load((FOLDER / "kserve/saved-model.yaml").read_text())
        path = re.fullmatch(r"pvc://(.+)", manifest["spec"]["predictor"]["model"]["storageUri"])

        assert path is not None
        assert (ROOT / path[1] / "1/saved_model.pb").is_file()
