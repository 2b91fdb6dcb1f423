"""The configuration and Serve's own schema of it."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from ray.serve.schema import DeploymentSchema, ServeApplicationSchema, ServeDeploySchema

from service.cluster.ray_app import app
from service.cluster.ray_config import Address, Bounds, deployment_options, describe_service
from service.settings import Settings

SETTINGS = Settings(models_dir=Path("/bundles"), max_waiting=10, api_keys="key", drain_timeout_s=3)
SERVICE = describe_service(SETTINGS, Bounds(2, 5), Address("127.0.0.1", 8123))

COMPARED = ("max_ongoing_requests", "graceful_shutdown_timeout_s", "health_check_timeout_s")


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        (ServeDeploySchema, SERVICE),
        (ServeApplicationSchema, SERVICE["applications"][0]),
        (DeploymentSchema, SERVICE["applications"][0]["deployments"][0]),
    ],
)
def test_every_field_is_one_of_serves(schema: type[BaseModel], written: dict[str, Any]) -> None:
    """Serve takes the configuration, and knows every field: unknown ones it would pass over in silence."""
    schema.model_validate(written)

    assert set(written) <= set(schema.model_fields)


def test_serve_reads_what_was_meant() -> None:
    """Numbers arrive where they belong."""
    read = ServeDeploySchema.model_validate(SERVICE)

    [deployment] = read.applications[0].deployments
    assert (read.http_options.host, read.http_options.port) == ("127.0.0.1", 8123)
    assert deployment.autoscaling_config["max_replicas"] == 5
    assert deployment.graceful_shutdown_timeout_s > 2 * 3
    assert deployment.max_ongoing_requests == 20


def test_the_builder_has_the_same_options() -> None:
    """`serve run`, which reads no file, starts replicas with the options that the file has."""
    built = app({"max_waiting": 10, "drain_timeout_s": 3})._bound_deployment
    options = {name: getattr(built._deployment_config, name) for name in COMPARED}
    expected = deployment_options(SETTINGS, Bounds())

    assert options == {name: expected[name] for name in COMPARED}
    assert built.init_args == (Settings(max_waiting=10, drain_timeout_s=3),)
