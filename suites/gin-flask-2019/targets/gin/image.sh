#!/bin/sh
# image.sh BINARY -- builds the smallest container image that runs it, prints the image's size in bytes.
#
# An empty image, the binary and the shared libraries it asks for. buildah builds it without a daemon
# and without starting anything in it; its storage is thrown away. Fails where buildah cannot work.
set -eu
binary=$1
work=$(mktemp -d)
trap 'buildah_ umount -a >/dev/null 2>&1 || :; rm -rf "$work"' EXIT
buildah_() { buildah --root "$work/s" --runroot "$work/r" --storage-driver vfs "$@"; }

container=$(buildah_ from scratch)
buildah_ copy -q "$container" "$binary" /app >/dev/null
ldd "$binary" 2>/dev/null | grep -o '/[^ ]*' | sort -u | while read -r library; do
    buildah_ copy -q "$container" "$(readlink -f "$library")" "$library" >/dev/null
done
buildah_ config --entrypoint '["/app"]' "$container"
buildah_ commit -q "$container" gin >/dev/null
du -sb "$(buildah_ mount "$container")" | cut -f1
