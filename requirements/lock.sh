#!/usr/bin/env bash
# Resolve every requirements/*.txt anew: universal over Python 3.11-3.13, with hashes, without index or file addresses.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(mktemp -d)
trap 'rm -rf "$uv"' EXIT
python3 -m venv "$uv" && "$uv/bin/python" -m pip install --quiet --disable-pip-version-check uv

compile() { # compile OUTPUT ARG...: one locked set
    # Extras stay in the pins: pip takes "coverage[toml]" for unpinned where only "coverage" is, once a release is newer.
    "$uv/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-header --no-annotate --no-strip-extras --constraints requirements/constraints.in \
        --output-file "requirements/$1" "${@:2}"
}
compile service.txt pyproject.toml
compile service-tensorflow.txt --extra tensorflow pyproject.toml
compile service-gpu.txt --extra gpu pyproject.toml
compile service-ray.txt --extra ray pyproject.toml
compile training.txt --extra training pyproject.toml
compile training-gpu.txt --extra training --extra gpu pyproject.toml
compile dev.txt --extra training --group dev pyproject.toml
compile ray.txt --extra ray --group ray pyproject.toml
compile container.txt --group container pyproject.toml
compile protocols.txt --group protocols
compile sbom.txt --group sbom
echo hatchling editables | tr ' ' '\n' | compile build.txt -
