"""Intake: what an upload passes before anything is computed for it.

    room? (admission) -> body, in time and memory (uploads, slow_bodies, body_memory) -> files (forms)
    -> pictures, as long as their time lasts (decoding_time)

A refused upload is read on for a while, so that its client reads why (discarding). `service.routes.intake` puts
the steps together. May import nothing of the service but errors and telemetry.
"""
