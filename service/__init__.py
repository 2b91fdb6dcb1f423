"""digitserve's HTTP service: an upload in, the digit on it out.

bytes -> preprocessing (canonical uint8 [28, 28]) -> engine -> prediction -> JSON
"""

__version__ = "0.1.0"
