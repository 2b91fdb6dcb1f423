#!/usr/bin/env bash
# Run a command with a container engine: the one that answers, or else one that is installed and started for it.
#
#   tests/container/with_engine.sh make image
#
# Its own engine needs root on Debian 12. It comes from the packages of Debian 13, which run there, and listens on a
# socket of its own; it changes nothing of the machine's network, so its containers reach nothing outside, and images
# are built on the host's network. ENGINE_DIR (state, default ${TMPDIR:-/tmp}/digitserve-engine) keeps images and layers
# for the next time; one run at a time has it, and others wait.
# An image that cannot be pulled, into whichever engine, is made here of Debian's packages: a stand-in. It bears the hash
# of this script, and is made anew when that has changed.
set -Eeuo pipefail
cd "$(dirname "$0")/../.."

ENGINE_DIR=${ENGINE_DIR:-${TMPDIR:-/tmp}/digitserve-engine}
default_of() { sed -n "s/.*image: .*\${$2:-\(.*\)}/\1/p" "docker/$1"; }
PYTHON_IMAGE=$(sed -n 's/^ARG PYTHON_IMAGE=//p' Dockerfile)
HAPROXY_IMAGE=haproxy:$(default_of compose.scale.yaml DIGITSERVE_HAPROXY_TAG)
PROMETHEUS_IMAGE=prom/prometheus:$(default_of compose.monitoring.yaml DIGITSERVE_PROMETHEUS_TAG)
RECIPE=$(sha256sum tests/container/with_engine.sh | cut -c 1-16)
SUITE=bookworm
STAND_INS_SUITE=trixie # has the releases that the compose files name
MMDEBSTRAP_OPTIONS=(
    --quiet --mode=root --variant=minbase
    --aptopt='Acquire::Languages "none"' --aptopt='Acquire::Retries "3"'
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*'
    --dpkgopt='path-include=/usr/share/doc/*/copyright' # for the lists of licences; a base may be without them
    --dpkgopt='path-exclude=/usr/share/locale/*' --dpkgopt='path-exclude=/usr/share/info/*'
)

say() { echo "with_engine.sh: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

retry() { # retry COMMAND...: three times, with a rest between
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        sleep $((attempt * 3))
    done
    return 1
}

is_answering() { docker version >/dev/null 2>&1; }

begin_work() { # begin_work WHY: as root, and alone in ENGINE_DIR
    [ "$(id -u)" = 0 ] || fail "$1"
    mkdir -p "$ENGINE_DIR"
    [ -z "${ENGINE_LOCK:-}" ] || return 0
    exec {ENGINE_LOCK}>"$ENGINE_DIR/lock"
    export ENGINE_LOCK # for a run within this one
    flock --nonblock "$ENGINE_LOCK" && return 0
    say "waiting for another run, which has $ENGINE_DIR"
    flock "$ENGINE_LOCK"
}

# ---- The engine's programs

mirror() { sed -n 's/^URIs: *//p' /etc/apt/sources.list.d/debian.sources | head -n 1; }

configure_apt() { # a configuration of its own: the machine's sources stay as they are
    local apt=$ENGINE_DIR/apt
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/sources"
    cp /etc/apt/sources.list.d/debian.sources "$apt/sources/"
    printf 'Types: deb\nURIs: %s\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n' \
        "$(mirror)" >"$apt/sources/trixie.sources"
    cat >"$apt/apt.conf" <<CONF
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
Dir::Etc::sourcelist "/dev/null";
Dir::Etc::sourceparts "$apt/sources";
Acquire::Languages "none";
Acquire::Retries "3";
APT::Default-Release "$SUITE";
DPkg::Lock::Timeout "300";
CONF
}

has_engine() {
    command -v dockerd >/dev/null && docker compose version >/dev/null 2>&1 && docker buildx version >/dev/null 2>&1
}

install_packages() {
    say "installing $*"
    [ -r /etc/apt/sources.list.d/debian.sources ] || fail "This is no Debian 12 to install $1 on: do it by hand."
    configure_apt
    export APT_CONFIG=$ENGINE_DIR/apt/apt.conf DEBIAN_FRONTEND=noninteractive
    retry apt-get update -qq
    retry apt-get install -y -qq --no-install-recommends "$@" >"$ENGINE_DIR/apt.log" 2>&1 \
        || fail "$1 cannot be installed; see $ENGINE_DIR/apt.log."
    unset APT_CONFIG
}

# ---- The engine

start_engine() {
    rm -f "$ENGINE_DIR/docker.pid" "$ENGINE_DIR/docker.sock"
    dockerd --host "$DOCKER_HOST" --data-root "$ENGINE_DIR/data" --exec-root "$ENGINE_DIR/exec" \
        --pidfile "$ENGINE_DIR/docker.pid" --bridge=none --iptables=false --ip6tables=false --ip-forward=false \
        --ip-masq=false >"$ENGINE_DIR/engine.log" 2>&1 {ENGINE_LOCK}>&- &
    ENGINE=$!
    trap stop_engine EXIT
    for _ in $(seq 200); do
        is_answering && return 0
        kill -0 "$ENGINE" 2>/dev/null || break
        sleep 0.3
    done
    tail -n 5 "$ENGINE_DIR/engine.log" >&2
    fail "The engine does not start; its log is $ENGINE_DIR/engine.log."
}

stop_engine() {
    docker ps --all --quiet | xargs --no-run-if-empty docker rm --force >/dev/null || true
    kill "$ENGINE" 2>/dev/null || true
    wait "$ENGINE" 2>/dev/null || true
    umount "$ENGINE_DIR"/exec/netns/* 2>/dev/null || true # the one mount that it leaves behind
}

# ---- Base images

# An image without the label is no stand-in, and is kept.
has_image() {
    local recipe
    recipe=$(docker image inspect --format '{{index .Config.Labels "digitserve.stand-in"}}' "$1" 2>/dev/null) || recipe=absent
    [ -z "$recipe" ] || [ "$recipe" = "$RECIPE" ] || docker pull --quiet "$1" >/dev/null 2>&1
}

begin_stand_in() { # begin_stand_in IMAGE
    begin_work "$1 can neither be pulled nor, without root, be made here."
    command -v mmdebstrap >/dev/null || install_packages mmdebstrap
}

# The hooks get the directory as their own $1. A new volume at /prometheus takes the owner of what the image has there.
# shellcheck disable=SC2016
make_debian() { # make_debian SUITE FILE PACKAGES: a root file system, as debian:*-slim has it
    mmdebstrap "${MMDEBSTRAP_OPTIONS[@]}" --include="ca-certificates,netbase,tzdata${3:+,$3}" \
        --customize-hook='cp /usr/local/share/ca-certificates/*.crt "$1/usr/local/share/ca-certificates/" 2>/dev/null || true' \
        --customize-hook='chroot "$1" update-ca-certificates >/dev/null 2>&1' \
        --customize-hook='install -d -o nobody "$1/prometheus"' \
        --customize-hook='rm -rf "$1"/var/cache/apt/*.bin "$1"/var/log/* "$1"/etc/resolv.conf "$1"/etc/hostname' \
        "$1" "$2" "$(mirror)" >"$ENGINE_DIR/mmdebstrap.log" 2>&1 \
        || fail "Debian's packages cannot be had; see $ENGINE_DIR/mmdebstrap.log."
}

make_python() { # CPython in /usr/local, as the official image has it; from pyenv
    begin_stand_in "$PYTHON_IMAGE"
    local version=${PYTHON_IMAGE#python:} root=$ENGINE_DIR/python source
    version=${version%%-*}
    source=$(find "${PYENV_ROOT:-$HOME/.pyenv}/versions" -maxdepth 1 -name "$version.*" 2>/dev/null | sort -V | tail -n 1) || true
    [ -n "$source" ] || fail "$PYTHON_IMAGE can be neither pulled nor made: there is no Python $version of pyenv."
    say "making $PYTHON_IMAGE of Debian's packages and $source"
    make_debian "$SUITE" "$ENGINE_DIR/python.tar" libssl3,libreadline8,libffi8,libsqlite3-0,libbz2-1.0,liblzma5,libuuid1,libncursesw6,zlib1g
    rm -rf "$root" && mkdir -p "$root"
    tar -C "$root" --numeric-owner -xf "$ENGINE_DIR/python.tar"
    tar -C "$source" -cf - --exclude=__pycache__ --exclude='lib/python3*/test' --exclude='lib/python3*/idlelib' \
        --exclude='lib/python3*/config-3*' --exclude='lib/libpython3*.a' --exclude='lib/python3*/lib-dynload/_tkinter*' \
        --exclude='lib/python3*/site-packages/[!p]*' --exclude=share . | tar -C "$root/usr/local" --no-same-owner -xf -
    grep -lIr "^#!$source" "$root/usr/local/bin" | xargs --no-run-if-empty sed -i "1s|^#!$source|#!/usr/local|"
    ln -sf python3 "$root/usr/local/bin/python"
    printf '[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n' >"$root/etc/pip.conf"
    chroot "$root" /sbin/ldconfig
    tar -C "$root" --numeric-owner -cf - . | docker import \
        --change 'ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8' \
        --change 'ENV SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt' --change 'CMD ["python3"]' \
        --change "LABEL digitserve.stand-in=$RECIPE" - "$PYTHON_IMAGE" >/dev/null
    rm -rf "$root" "$ENGINE_DIR/python.tar"
}

make_stand_in() { # make_stand_in IMAGE PACKAGE CHANGE...: a program that Debian packages, for the compose files' tests
    begin_stand_in "$1"
    local image=$1 package=$2 change changes=(--change "LABEL digitserve.stand-in=$RECIPE")
    for change in "${@:3}"; do changes+=(--change "$change"); done
    say "making $image of Debian's package $package"
    make_debian "$STAND_INS_SUITE" "$ENGINE_DIR/$package.tar" "$package"
    docker import "${changes[@]}" "$ENGINE_DIR/$package.tar" "$image" >/dev/null
    rm "$ENGINE_DIR/$package.tar"
}

if ! is_answering; then
    begin_work "No container engine answers. Install and start one, or set DOCKER_HOST to its socket."
    export DOCKER_HOST=unix://$ENGINE_DIR/docker.sock DOCKER_CLI_HINTS=false
    has_engine || install_packages docker.io/trixie docker-cli/trixie docker-buildx/trixie docker-compose/trixie \
        iptables mmdebstrap
    is_answering || start_engine
fi
has_image "$PYTHON_IMAGE" || make_python
has_image "$HAPROXY_IMAGE" || make_stand_in "$HAPROXY_IMAGE" haproxy
has_image "$PROMETHEUS_IMAGE" || make_stand_in "$PROMETHEUS_IMAGE" prometheus 'ENTRYPOINT ["prometheus"]'
# An engine that was started as above has no network of its own for what builds an image.
docker network inspect bridge >/dev/null 2>&1 || export BUILD_OPTIONS="--network host" DIGITSERVE_BUILD_NETWORK=host
[ -n "${ENGINE:-}" ] || exec "$@"
"$@"
