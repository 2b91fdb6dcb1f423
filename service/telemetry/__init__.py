"""Telemetry: what is learned of a request on its way, and who is told.

    request -> request_record, steps -> bookkeeping -> metrics, log_lines -> logs
                                     -> tracing -> span_queue -> collector
                                     -> server_timing -> client

Whatever computes notes in the record; so the package may import nothing of the service but errors and paths.
"""
