"""Security: keys, rate limits, other sites and security headers, as rules that know no application.

    settings -> digests of keys, limits, origins
    headers of a request -> known key, room -> headers of the answer

`service.middleware` and `service.app` apply them. May import nothing of the service but errors.
"""
