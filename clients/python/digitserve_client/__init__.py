"""Client of a digitserve service, for programs and for `asyncio`.

    image (a path, bytes, an open file, Pillow, NumPy) -> HTTP, with retries -> a typed result

It stands on httpx alone and imports nothing of the service.
"""

from digitserve_client.client import AsyncClient, Client, Retries
from digitserve_client.errors import ClientError, NoAnswerError, NotDigitserveError, ServiceError
from digitserve_client.images import ImageSource
from digitserve_client.results import Evaluation, Explanation, Layer, ModelIdentity, Prediction

__version__ = "0.1.0"

__all__ = ["AsyncClient", "Client", "ClientError", "Evaluation", "Explanation", "ImageSource"]
__all__ += ["Layer", "ModelIdentity", "NoAnswerError", "NotDigitserveError", "Prediction"]
__all__ += ["Retries", "ServiceError"]
