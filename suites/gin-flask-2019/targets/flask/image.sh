#!/bin/sh
# image.sh FOLDER PACKAGE... -- builds a container image with app.py and these Debian packages on a
# minimal Debian, prints the image's size in bytes (uncompressed, as `docker images` shows it).
#
# The minimal Debian comes from the mirror that apt uses here, with debootstrap; buildah makes the
# image, without a daemon. Both are thrown away, and the size is kept beside FOLDER, because it takes a
# minute. Fails where one of the two cannot work.
set -eu
packages=$(shift && echo "$@" | tr ' ' ',')
known=$1/../image-$packages.bytes
if [ "$known" -nt app.py ]; then
    cat "$known"
    exit
fi
work=$(mktemp -d)
trap 'buildah_ umount -a >/dev/null 2>&1 || :; rm -rf "$work"' EXIT
buildah_() { buildah --root "$work/s" --runroot "$work/r" --storage-driver vfs "$@"; }

. /etc/os-release
mirror=$(apt-get indextargets --format '$(SITE)' "Created-By: Packages" "Codename: $VERSION_CODENAME" | head -1)
debootstrap --variant=minbase --include="$packages" "$VERSION_CODENAME" "$work/debian" "$mirror" >"$work/log" 2>&1 ||
    { tail -5 "$work/log" >&2; exit 1; }
rm -rf "$work/debian/var/cache/apt/archives" "$work/debian/var/lib/apt/lists"
container=$(buildah_ from scratch)
buildah_ copy -q "$container" "$work/debian" / >/dev/null
rm -rf "$work/debian"
buildah_ copy -q "$container" app.py /srv/app.py >/dev/null
buildah_ commit -q "$container" flask >/dev/null
du -sb "$(buildah_ mount "$container")" | cut -f1 >"$work/bytes"
mv "$work/bytes" "$known"
cat "$known"
