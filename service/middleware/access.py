"""Access: who may ask, and how often. Added to the application only where a setting asks for it.

request -> open path? -> key -> rate limit -> application
"""

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from service.answers.problems import explain
from service.errors import DigitserveError, UnauthorizedError
from service.security.keys import find_key
from service.security.rate_limits import RateLimiter
from service.settings import Settings

OPEN_PATHS = frozenset(
    {
        *("/health", "/health/live", "/health/ready"),  # probes have no keys
        *("/v2/health/live", "/v2/health/ready"),
        *("/", "/docs", "/openapi.json"),  # pages, which a browser opens before it has one
    }
)
OPEN_PREFIX = "/static/"  # what the pages are made of


class Access:
    """Asks for a key, where keys are set, and counts requests, where there is a limit.

    Requests are counted for each key, and for each client's address where no keys are set; what is open
    is not counted. An admin key opens whatever an API key does.

    Args:
        app: What is behind it.
        settings: Its keys and its limit.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self._keys = (*settings.api_keys, *settings.admin_keys) if settings.api_keys else ()
        self._limiter = RateLimiter(settings.rate_limit) if settings.rate_limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or refuse it before its body is read."""
        if scope["type"] == "http" and not is_open(scope["path"]):
            try:
                self._admit(scope)
            except DigitserveError as error:
                await explain(Request(scope), error)(scope, receive, send)
                return
        await self.app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        """Pass a request that shows a key and is within the limit.

        Raises:
            UnauthorizedError: If it shows no key that is known.
            RateLimitError: If it is beyond the limit.
        """
        client: object = (scope.get("client") or ("",))[0]
        if self._keys:
            client = find_key(scope["headers"], self._keys)
            if client is None:
                raise UnauthorizedError
        if self._limiter is not None:
            self._limiter.admit(client)


def is_needed(settings: Settings) -> bool:
    """Tell whether a setting asks for `Access`."""
    return bool(settings.api_keys or settings.rate_limit)


def is_open(path: str) -> bool:
    """Tell whether a path is answered without a key."""
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIX)
