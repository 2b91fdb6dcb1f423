"""Settings: everything an operator may change, read once at start-up.

Precedence: command line, then environment (`DIGITSERVE_*`), then the defaults here.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, HttpUrl, PositiveInt, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.batches import BatchLimits
from service.engines import EngineKind
from service.evaluation.evaluating import EvaluationLimits
from service.labelled_data import LabelledDataLimits
from service.preprocessing import UploadLimits
from service.security.cors import read_origins
from service.security.keys import KeyDigest, read_key_digests
from service.security.rate_limits import RateLimit

MIB = 1024 * 1024
MIN_WATCHDOG_S = 3  # some beats
BODY_BOUNDS = ("max_upload_bytes", "max_batch_bytes", "max_evaluate_bytes")  # of one body


def _if_text(read: Callable[[str], object]) -> Callable[[Any], Any]:
    """Read a setting that is text; one that is a value already stays."""
    return lambda value: read(value) if isinstance(value, str) else value


Keys = Annotated[tuple[KeyDigest, ...], NoDecode, BeforeValidator(_if_text(read_key_digests))]
Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_if_text(read_origins))]
Rate = Annotated[RateLimit | None, NoDecode, BeforeValidator(_if_text(RateLimit.read))]


class Settings(BaseSettings):
    """The service's settings."""

    model_config = SettingsConfigDict(
        env_prefix="DIGITSERVE_",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,  # keys are input
    )

    models_dir: Path = Path(__file__).parents[1] / "models"
    """Directory of the bundles, `<name>/<version>/`."""

    model: str = "digits"
    """Name of the model that answers when a request names none."""

    engine: EngineKind = "auto"
    """`litert`, `tensorflow`, or `auto`: TensorFlow where a GPU is visible, else LiteRT."""

    reload_max_accuracy_drop: float = Field(0.001, ge=0, le=1)
    """How much less accurate on its evaluation set a version may be than the one that it replaces."""

    require_gpu: bool = False
    """Refuse to start unless every model runs on a GPU."""

    gpu_memory_mb: int = Field(0, ge=0)
    """Memory of each GPU that a worker takes, at once, in MiB; 0: as it needs."""

    max_upload_bytes: int = Field(20 * MIB, gt=0)
    """Largest body of `/predict`, in bytes."""

    max_image_pixels: int = Field(50_000_000, gt=0)
    """Largest width times height of an image, in pixels; checked before decoding."""

    max_batch_bytes: int = Field(64 * MIB, gt=0)
    """Largest body of `/predict/batch`, in bytes."""

    max_batch_images: int = Field(256, gt=0)
    """Most images in one batch."""

    max_evaluate_bytes: int = Field(64 * MIB, gt=0)
    """Largest body of `/evaluate`, in bytes."""

    max_evaluate_images: int = Field(70_000, gt=0)
    """Most images in one evaluation; all of MNIST fits."""

    max_expanded_bytes: int = Field(256 * MIB, gt=0)
    """Largest size of an uploaded archive once expanded, in bytes."""

    max_bodies_bytes: int = Field(256 * MIB, gt=0, validate_default=True)
    """Most bytes that the bodies of all requests of a worker take together; those up to 64 KiB do not count."""

    decode_threads: int = Field(2, gt=0)
    """Threads of a worker that decode large uploads and batches; small photos have one besides."""

    decode_timeout_s: int = Field(30, gt=0)
    """Longest time to decode all pictures of a request, in seconds; one that alone takes so long hangs."""

    max_waiting: int = Field(128, gt=0)
    """Most requests of a worker that are in work or wait for it; one more is refused at once."""

    max_wait_ms: int = Field(0, ge=0)
    """Longest wait for its turn with which a request is admitted, in milliseconds; 0: no bound."""

    request_timeout_ms: int = Field(10_000, ge=0)
    """Longest time from an upload's last byte to the start of its work, in milliseconds; 0: no bound."""

    body_timeout_s: int = Field(20, gt=0)
    """Longest time that a body may be behind a rate of 16 KiB a second, in seconds."""

    head_timeout_s: int = Field(10, gt=0)
    """Longest time for a request's head to come to `digitserve serve`, in seconds."""

    watchdog_timeout_s: int = Field(30, ge=0)
    """Seconds after which `digitserve serve` ends a worker whose engine or event loop hangs, at least 3; 0: never."""

    workers: PositiveInt | Literal["auto"] = "auto"
    """Processes that share the port; `auto`: 1 on loopback or with TensorFlow, else as many as fit."""

    drain_timeout_s: int = Field(10, gt=0)
    """Longest time that a worker goes on serving after the signal to stop, in seconds."""

    api_keys: Keys = Field((), repr=False)
    """Keys that open the service, between commas, each as it is or as `sha256:<hash>`; none: it is open."""

    admin_keys: Keys = Field((), repr=False)
    """Keys, written likewise, that also open the routes which change the service."""

    rate_limit: Rate = None
    """Most requests of a key, or of an address where there are no keys, such as `600/min`, per worker."""

    cors_origins: Origins = ()
    """Origins whose pages may use the service in a browser, between commas; `*`: all."""

    tls_certificate: Path | None = None
    """Certificate with its chain, a PEM file; `digitserve serve` speaks HTTPS with it."""

    tls_key: Path | None = None
    """Its key, a PEM file without a password; unset: it is in the certificate's file."""

    otlp_endpoint: HttpUrl | None = None
    """URL of an OpenTelemetry collector that takes traces by OTLP over HTTP; none: no traces."""

    log_format: Literal["auto", "text", "json"] = "auto"
    """Lines of the log: `text`, `json`, or `auto`: text on a terminal, else JSON."""

    @field_validator("max_bodies_bytes")
    @classmethod
    def _largest_body_fits(cls, value: int, others: ValidationInfo) -> int:
        """Refuse a bound that the largest single body could never keep."""
        largest = max(value for name, value in others.data.items() if name in BODY_BOUNDS)
        if value < largest:
            raise ValueError(f"it is less than the {largest:,} bytes that one body may have")
        return value

    @field_validator("watchdog_timeout_s")
    @classmethod
    def _watchdog_hears_a_beat(cls, value: int) -> int:
        """Refuse a time in which a worker that is well may not have said so: it does once a second."""
        if 0 < value < MIN_WATCHDOG_S:
            raise ValueError(
                f"it is 0, or at least {MIN_WATCHDOG_S}: a busy worker would be ended for nothing"
            )
        return value

    @property
    def upload_limits(self) -> UploadLimits:
        """Bounds of one image."""
        return UploadLimits(max_pixels=self.max_image_pixels)

    @property
    def evaluation_limits(self) -> EvaluationLimits:
        """Bounds of labelled data."""
        return EvaluationLimits(self._limit_data(self.max_evaluate_images), self.upload_limits)

    @property
    def batch_limits(self) -> BatchLimits:
        """Bounds of a batch."""
        return BatchLimits(self._limit_data(self.max_batch_images), self.upload_limits)

    def _limit_data(self, max_images: int) -> LabelledDataLimits:
        """Bound an archive of at most so many images."""
        return LabelledDataLimits(
            max_images=max_images,
            max_expanded_bytes=self.max_expanded_bytes,
            max_member_bytes=self.max_upload_bytes,
        )
