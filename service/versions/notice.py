"""The notice: what all workers keep to, as one immutable document.

Every change is a new notice of the next generation: `propose`, then `commit` or `withdraw`.
Knows neither files nor processes.
"""

from collections.abc import Iterator
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from service.bundle import Bundle
from service.inference.models import Models


class _Record(BaseModel):
    """Part of the notice: immutable, and without fields that we do not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Version(_Record):
    """A version of a model, fixed to the byte.

    Attributes:
        name: The model's name.
        version: The version.
        digest: SHA-256 of the manifest, which has that of every other file.
        accuracy: Share of right answers on the bundle's own evaluation set, 0..1.
    """

    name: str
    version: str
    digest: str
    accuracy: float

    @classmethod
    def of(cls, bundle: Bundle) -> Self:
        """Name the version that a bundle is, with the accuracy that its manifest gives."""
        manifest = bundle.manifest
        return cls(
            name=manifest.name,
            version=manifest.version,
            digest=bundle.digest,
            accuracy=manifest.metrics.test.accuracy,
        )


class Served(_Record):
    """The versions of one model that every worker has loaded.

    Attributes:
        active: The one that answers.
        previous: The one that answered before it, to go back to.
    """

    active: Version
    previous: Version | None = None


class Notice(_Record):
    """What all workers keep to.

    Attributes:
        generation: Grows by one with every notice.
        served: The versions of every model, by the model's name.
        candidate: A version that every worker loads beside them, before any answers with it.
        refused: Why versions were refused, by the model's name and the version.
    """

    generation: int = 1
    served: dict[str, Served]
    candidate: Version | None = None
    refused: dict[str, dict[str, str]] = Field(default_factory=dict)

    @classmethod
    def first(cls, models: Models) -> Self:
        """Write down what a service starts with."""
        served = {
            name: Served(active=Version.of(model.bundle)) for name, model in models.by_name.items()
        }
        refused = {name: dict(refusals) for name, refusals in models.refused.items() if refusals}
        return cls(served=served, refused=refused)

    def versions(self) -> Iterator[Version]:
        """Yield every version that a worker is to have loaded."""
        for served in self.served.values():
            yield served.active
            if served.previous is not None:
                yield served.previous
        if self.candidate is not None:
            yield self.candidate

    def propose(self, candidate: Version) -> Self:
        """Have every worker load a version."""
        return self._next(candidate=candidate)

    def commit(self, candidate: Version) -> Self:
        """Have every worker answer with the candidate."""
        name = candidate.name
        served = Served(active=candidate, previous=self.served[name].active)
        reasons = {
            version: reason
            for version, reason in self.refused.get(name, {}).items()
            if version != candidate.version
        }
        return self._next(
            candidate=None,
            served=self.served | {name: served},
            refused=self.refused | {name: reasons},
        )

    def withdraw(self) -> Self:
        """Have every worker drop the candidate."""
        return self._next(candidate=None)

    def refuse(self, name: str, version: str, reason: str) -> Self:
        """Remember why a version was refused; not of one that is loaded, whose files alone are bad."""
        if (name, version) in {(each.name, each.version) for each in self.versions()}:
            return self
        reasons = self.refused.get(name, {}) | {version: reason}
        return self._next(refused=self.refused | {name: reasons})

    def _next(self, **changes: object) -> Self:
        """Return the notice that follows this one."""
        return self.model_copy(update={"generation": self.generation + 1, **changes})
