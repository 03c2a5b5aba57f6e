#!/bin/sh
# Make the base image of the interop tier without a registry: Debian bookworm with python3 and pip.
#
# Usage: tests/interop/base_image.sh [IMAGE]      (default: wherry-test-base:bookworm)
# Needs debootstrap, a running Docker Engine and root; keeps its tar in $WHERRY_INTEROP_CACHE.
# A machine whose trust store holds a corporate CA passes it on, as pip inside a build needs it.
set -eu

image=${1:-wherry-test-base:bookworm}
cache=${WHERRY_INTEROP_CACHE:-${XDG_CACHE_HOME:-/var/cache}/wherry-interop}
tarball=$cache/base-bookworm.tar
certificates=/etc/ssl/certs/ca-certificates.crt

if docker image inspect "$image" >/dev/null 2>&1; then
    echo "base image $image is there"
    exit 0
fi
mkdir -p "$cache"
exec 9>"$cache/base.lock"
flock 9
if ! [ -s "$tarball" ]; then
    command -v debootstrap >/dev/null || {
        echo "error: debootstrap not found; hint: apt-get install debootstrap" >&2
        exit 3
    }
    root=$(mktemp -d "$cache/root.XXXXXX")
    trap 'rm -rf "$root"' EXIT
    debootstrap --variant=minbase --include=python3,python3-pip,ca-certificates \
        bookworm "$root" "${WHERRY_DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$cache/debootstrap.log" 2>&1 || {
        tail -5 "$cache/debootstrap.log" >&2
        exit 1
    }
    rm -rf "$root"/var/cache/apt/archives/*.deb "$root"/var/lib/apt/lists/* "$root"/usr/share/doc/*
    if [ -s "$certificates" ]; then
        cp "$certificates" "$root$certificates"
    fi
    tar -C "$root" --numeric-owner -cf "$tarball.part" .
    mv "$tarball.part" "$tarball"
fi
docker import --change 'CMD ["python3"]' "$tarball" "$image" >/dev/null
echo "base image $image imported"
