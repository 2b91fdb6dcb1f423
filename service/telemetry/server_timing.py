"""`Server-Timing` (W3C): the steps of one request as a header that browsers and clients read.

RequestRecord -> text of the header
"""

from service.telemetry.request_record import RequestRecord

HEADER = "Server-Timing"


def write_server_timing(record: RequestRecord) -> str:
    """Write the steps that happened.

    Args:
        record: Of a request that is answered.

    Returns:
        Such as `decode;dur=0.121, preprocess;dur=0.203, queue;dur=0.011, model;dur=0.114`, in milliseconds.
        Source: Server Timing, W3C, section 3.1.
    """
    steps = {
        "decode": record.decode_s,
        "preprocess": record.preprocess_s,
        "queue": record.queue_s,
        "model": record.model_s,
    }
    return ", ".join(f"{step};dur={1e3 * it:.3f}" for step, it in steps.items() if it is not None)
