"""The service that the clients' tests ask."""

from tests.service.cli.conftest import url

__all__ = ["url"]
