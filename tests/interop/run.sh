#!/bin/sh
# Run a command with the interop tier's tools on PATH, a Docker Engine up and the base image made.
#
# Usage: tests/interop/run.sh COMMAND [ARG ...]
# An engine that is already up is used as it is; otherwise one is started for the length of the
# command, with its data under $WHERRY_TOOLS, and ended by its process id.
set -eu

tools=${WHERRY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/wherry/tools}
PATH=$tools/bin:$PATH:/usr/sbin:/sbin
export PATH
mkdir -p "$tools"
engine=

stop_engine() {
    [ -z "$engine" ] || { kill "$engine" 2>/dev/null && wait "$engine" 2>/dev/null; } || true
}
trap stop_engine EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if ! docker info >/dev/null 2>&1; then
    dockerd --data-root "$tools/docker" >"$tools/dockerd.log" 2>&1 &
    engine=$!
    tries=0
    until docker info >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 300 ] || ! kill -0 "$engine" 2>/dev/null; then
            echo "error: the Docker Engine did not come up:" >&2
            tail -5 "$tools/dockerd.log" >&2
            exit 1
        fi
        sleep 0.2
    done
fi
"$(dirname "$0")/base_image.sh"
"$@"
