#!/bin/sh
# Install the real tools of the interop tier on Debian or Ubuntu, each only where it is absent.
#
# Usage: tests/interop/tools.sh
# Debian's packages need root; what Go builds goes to $WHERRY_TOOLS (default ~/.cache/wherry/tools).
# A tool that cannot be had is named on the standard error and the rest goes on: the tests that
# need it skip, and say so.
set -eu

tools=${WHERRY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/wherry/tools}
faas_cli=github.com/openfaas/faas-cli@c8191b71e7ed
mkdir -p "$tools/bin"
PATH=$tools/bin:$PATH

packages=
want() { # command, Debian package
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || packages="$packages $2"
}
want dockerd docker.io
want nginx nginx-light
want wrk wrk
want valgrind valgrind
want debootstrap debootstrap
want curl curl
want git git
if [ -n "$packages" ]; then
    if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
        echo "error: absent, and installing needs root and apt-get:$packages" >&2
        exit 1
    fi
    echo "installing$packages"
    apt-get update -qq
    # Nothing that is installed here starts by itself: the tests start what they need.
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends \
        $packages >"$tools/apt.log" 2>&1 || { tail -20 "$tools/apt.log" >&2; exit 1; }
fi

if ! command -v faas-cli >/dev/null; then
    if ! command -v go >/dev/null; then
        echo "absent: faas-cli: Go is needed to build it (hint: apt-get install golang-go)" >&2
    elif ! GOBIN=$tools/bin go install "$faas_cli" >"$tools/go.log" 2>&1; then
        echo "absent: faas-cli: go install $faas_cli failed:" >&2
        tail -3 "$tools/go.log" >&2
    fi
fi

for tool in dockerd nginx wrk valgrind debootstrap curl faas-cli; do
    where=$(PATH=$PATH:/usr/sbin:/sbin command -v "$tool") || where=absent
    echo "$tool: $where"
done
