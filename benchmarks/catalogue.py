"""The catalogue of contenders: what each is, and the command that its documentation starts it with."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / "models" / "textbook" / "1"  # whose network all contenders have
LOCKS = {  # of environments that hold the product: what it serves with, and what it trains with
    "digitserve": ROOT / "requirements" / "service.txt",
    "digitserve-tensorflow": ROOT / "requirements" / "training.txt",
}
Form = Literal["raw", "multipart"]


@dataclass(frozen=True)
class Contender:
    """One server to measure.

    Attributes:
        name: Its name in tables.
        folder: Its folder under `contenders/`, and the name of its environment.
        command: Program of the environment and its arguments; `{port}` stands for the port.
        forms: How it takes a picture; `raw` is the body itself.
        path: Where it takes pictures.
        workers: Processes that run the network.
        environment: Variables to set for it.
    """

    name: str
    folder: str
    command: tuple[str, ...]
    forms: tuple[Form, ...] = ("multipart",)
    path: str = "/predict"
    workers: int = 1
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def script_folder(self) -> Path:
        """Folder that it runs in: of its script and requirements, or the project's."""
        return ROOT if self.folder in LOCKS else ROOT / "benchmarks" / "contenders" / self.folder

    @property
    def requirements(self) -> Path:
        """Its requirements; the product's are a lock."""
        return LOCKS.get(self.folder) or self.script_folder / "requirements.txt"


def make_digitserve(name: str, *arguments: str, workers: int = 1) -> Contender:
    """Return the product with the network that all have, and these arguments more."""
    return Contender(
        name,
        "digitserve",
        ("python", "-m", "service", "serve", "--port", "{port}", *arguments),
        forms=("raw", "multipart"),
        workers=workers,
        environment={"DIGITSERVE_MODEL": "textbook"},
    )


def _floor(name: str, *arguments: str, workers: int = 1) -> Contender:
    """The least that an ASGI server can do."""
    quiet = ("--no-access-log", "--lifespan", "off")
    command = ("uvicorn", "server:app", "--port", "{port}", *quiet, *arguments)
    return Contender(name, "floor", command, forms=("raw",), workers=workers)


def _fastapi(name: str) -> Contender:
    """FastAPI as its documentation deploys it."""
    return Contender(name, name, ("uvicorn", "server:app", "--port", "{port}"))


def _mosec(name: str, *, workers: int = 1) -> Contender:
    """A Rust front with Python workers."""
    command = ("python", "server.py", "--address", "127.0.0.1", "--port", "{port}")
    return Contender(
        name,
        "mosec",
        command,
        forms=("raw",),
        path="/inference",
        workers=workers,
        environment={"NUM_WORKERS": str(workers)},
    )


CONTENDERS = (
    make_digitserve("digitserve"),
    _floor("floor"),
    _fastapi("fastapi-litert"),
    _fastapi("fastapi-savedmodel"),
    _fastapi("fastapi-predict"),
    Contender("litserve", "litserve", ("python", "server.py", "{port}")),
    Contender(
        "bentoml",
        "bentoml",
        ("bentoml", "serve", "server:Digits", "--port", "{port}"),
        environment={"BENTOML_HOST": "127.0.0.1", "BENTOML_DO_NOT_TRACK": "True"},
    ),
    _mosec("mosec"),
    Contender(
        "ray",
        "ray",
        ("python", "server.py", "{port}"),
        forms=("raw",),
        environment={"RAY_USAGE_STATS_ENABLED": "0"},
    ),
    make_digitserve("digitserve, 2 workers", "--workers", "2", workers=2),
    _floor("floor, 2 workers", "--workers", "2", workers=2),
    _mosec("mosec, 2 workers", workers=2),
)


def find_contenders(names: list[str]) -> list[Contender]:
    """Return the contenders of these names, in the catalogue's order; all for an empty list.

    Raises:
        ValueError: If a name is none of the catalogue's.
    """
    known = [contender.name for contender in CONTENDERS]
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ValueError(f"There is no contender {unknown[0]!r}. There are: {'; '.join(known)}.")
    return [contender for contender in CONTENDERS if not names or contender.name in names]
