#!/usr/bin/env bash
# Replace every replica by one of the image and settings of now, one after the other; nothing is lost meanwhile.
# Arguments are compose's own: docker/roll.sh -f docker/compose.yaml -f docker/compose.scale.yaml
set -euo pipefail

compose() { docker compose "$@"; }

mapfile -t replicas < <(compose "$@" ps --quiet service)
[ "${#replicas[@]}" -gt 0 ] || { echo "No replica runs. Start them with: docker compose $* up" >&2; exit 1; }
for replica in "${replicas[@]}"; do
    # One more, of today's image; compose waits until it is healthy.
    compose "$@" up --detach --wait --no-build --no-deps --no-recreate --scale "service=$((${#replicas[@]} + 1))" service
    # Told to stop, it is not ready, answers what it has and leaves.
    docker stop --time 60 "$replica" >/dev/null
    docker rm "$replica" >/dev/null
    echo "replaced ${replica:0:12}"
done
