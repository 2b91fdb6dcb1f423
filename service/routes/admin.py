"""Who may use the routes that change the service: `dependencies=[Depends(require_admin)]`."""

import ipaddress

from fastapi import Request

from service.errors import ForbiddenError, UnauthorizedError
from service.resources import DepResources
from service.security.keys import find_key

# A proxy on this machine, or a page in its browser, speaks for others.
_SIGNS_OF_OTHERS = ("forwarded", "origin", "via", "x-forwarded-for", "x-real-ip")


async def require_admin(request: Request, resources: DepResources) -> None:
    """Pass a request that shows an admin key.

    Where no key of any kind is set, programs on this machine need none, and nobody else is let in.

    Raises:
        UnauthorizedError: If it shows no key that is known.
        ForbiddenError: If its key is no admin key, or if there is none that it could show.
    """
    settings = resources.settings
    if find_key(request.scope["headers"], settings.admin_keys):
        return
    if settings.admin_keys and not find_key(request.scope["headers"], settings.api_keys):
        raise UnauthorizedError
    if settings.admin_keys:
        raise ForbiddenError(
            "This route wants an admin key; the key that came opens other routes alone."
        )
    if settings.api_keys or not _is_local(request):
        whom = "nobody" if settings.api_keys else "programs on the service's own machine alone"
        raise ForbiddenError(
            f"While no admin key is set, this route answers {whom}. Start the service with "
            "DIGITSERVE_ADMIN_KEYS, and send one of these keys."
        )


def _is_local(request: Request) -> bool:
    """Tell whether a request comes from a program on this machine, and for itself."""
    try:
        is_loopback = ipaddress.ip_address(
            request.client.host if request.client else ""
        ).is_loopback
    except ValueError:
        return False
    return is_loopback and not any(name in request.headers for name in _SIGNS_OF_OTHERS)
