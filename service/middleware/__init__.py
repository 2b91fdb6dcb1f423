"""Middleware: what every request passes in front of the routes, from the outside in.

    request -> request_context -> access, where settings ask for it -> fast_path -> route

`security_schemes` says in the OpenAPI document what `access` asks for. `service.app` puts them in this order,
with `service.telemetry.tracing` in front of all. May import the routes, and not the application.
"""
