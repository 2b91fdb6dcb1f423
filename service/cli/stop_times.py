"""Stop times: how long each part of a stop may take, beside the bound that settings give.

A leaf: the supervisor, which imports nothing that serves, waits for as long as its workers take.
"""

LAST_CONNECTIONS_S = 2.0  # longest time for who had connected when no more connections were taken
END_S = 10.0  # for what a worker does when it has served: traces to send, versions to leave
