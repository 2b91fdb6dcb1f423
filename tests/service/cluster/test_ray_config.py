"""The configuration of Ray Serve, where Ray is not installed."""

from pathlib import Path

import pytest

from service.cluster.ray_config import (
    Address,
    Bounds,
    deployment_options,
    describe_service,
    write_settings,
)
from service.security.rate_limits import RateLimit
from service.settings import Settings

KEYED = Settings(
    models_dir=Path("/bundles"),
    max_waiting=10,
    rate_limit=RateLimit(600, 60),
    cors_origins=("https://example.org",),
    api_keys="an-api-key",
    admin_keys="an-admin-key",
    workers=3,
    head_timeout_s=7,
)


class TestWriteSettings:
    """`write_settings`."""

    def test_defaults_are_left_out(self) -> None:
        """Where nothing is set, the nodes' own environment holds."""
        assert write_settings(Settings()) == {}

    def test_what_is_written_is_read_again(self) -> None:
        """A replica gets the settings that were written, but for what the server alone heeds."""
        again = Settings(**write_settings(KEYED))

        assert again == KEYED.model_copy(update={"workers": "auto", "head_timeout_s": 10})

    def test_keys_are_hashed(self) -> None:
        """No key can be read in the configuration."""
        written = write_settings(KEYED)

        assert str(written["api_keys"]).startswith("sha256:")
        assert "an-api-key" not in str(written)
        assert "an-admin-key" not in str(written)


class TestDeploymentOptions:
    """`deployment_options`."""

    def test_a_replica_refuses_before_its_queue_is_full(self) -> None:
        """More requests reach a replica than it takes, so that refusals are its own."""
        options = deployment_options(KEYED, Bounds())

        assert options["max_ongoing_requests"] > KEYED.max_waiting

    def test_bounds_of_the_cluster(self) -> None:
        """The number of replicas follows the requests in work, between the bounds."""
        scaling = deployment_options(KEYED, Bounds(2, 5))["autoscaling_config"]

        assert (scaling["min_replicas"], scaling["max_replicas"]) == (2, 5)
        assert scaling["target_ongoing_requests"] == 8

    def test_a_replica_has_time_to_drain(self) -> None:
        """Its end is waited for longer than it may go on serving and answering."""
        options = deployment_options(Settings(drain_timeout_s=30), Bounds())

        assert options["graceful_shutdown_timeout_s"] > 2 * 30

    @pytest.mark.parametrize(("watchdog_s", "timeout_s"), [(30, 10.0), (0, None)])
    def test_health_checks_stand_for_the_watchdog(
        self, watchdog_s: int, timeout_s: float | None
    ) -> None:
        """Three checks that hang take as long as the watchdog waits; without one, Serve's own default holds."""
        options = deployment_options(Settings(watchdog_timeout_s=watchdog_s), Bounds())

        assert options.get("health_check_timeout_s") == timeout_s

    @pytest.mark.parametrize("is_required", [False, True])
    def test_gpu(self, is_required: bool) -> None:
        """A replica has a GPU of its own where one is required; otherwise Ray hides them from it."""
        options = deployment_options(Settings(require_gpu=is_required), Bounds())

        assert options["ray_actor_options"]["num_gpus"] == int(is_required)


class TestDescribeService:
    """`describe_service`."""

    def test_address(self) -> None:
        """The proxies listen where they are told to, without TLS unless a certificate is set."""
        service = describe_service(Settings(), Bounds(), Address("0.0.0.0", 80))  # noqa: S104

        assert service["http_options"] == {"host": "0.0.0.0", "port": 80}  # noqa: S104

    @pytest.mark.parametrize(("key", "written"), [(Path("/key"), "/key"), (None, "/certificate")])
    def test_proxies_speak_https(self, key: Path | None, written: str) -> None:
        """The service's certificate becomes the proxies', whose key may be in the same file."""
        settings = Settings(tls_certificate=Path("/certificate"), tls_key=key)

        options = describe_service(settings, Bounds(), Address())["http_options"]

        assert (options["ssl_certfile"], options["ssl_keyfile"]) == ("/certificate", written)
