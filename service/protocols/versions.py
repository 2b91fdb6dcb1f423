"""Versions: which versions of a model answer, for both protocols."""

from service.inference.models import Models


def loaded_versions(models: Models, name: str) -> list[str]:
    """Return the versions of a served model that answer, the active one first."""
    pinned = [version for owner, version in models.pinned if owner == name]
    return [models.find(name).version, *pinned]
