#!/usr/bin/env bash
# package.sh PROGRAM HEADLESS OUT
# Makes OUT/vitalien_VERSION_ARCH.deb and the two tarballs of Linux from the
# built programs. VERSION overrides that of FyneApp.toml. The same sources give
# the same packages.
set -euo pipefail
program=$(realpath "$1") headless=$(realpath "$2") out=$3
cd "$(dirname "$0")/../.."
version=${VERSION:-$(sed -n 's/^Version = "\(.*\)"/\1/p' FyneApp.toml)}
architecture=$(dpkg --print-architecture)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || stat -c %Y FyneApp.toml)}
export SOURCE_DATE_EPOCH
umask 022
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
out=$(realpath "$out")

# fill FILE KEY=VALUE… replaces each @KEY@ of the file.
fill() {
	local text pair
	text=$(cat "$1")
	shift
	for pair; do text=${text//@${pair%%=*}@/${pair#*=}}; done
	printf '%s\n' "$text"
}

root=$work/root share=$work/root/usr/share
here=packaging/linux
install -D -m 755 "$program" "$root/usr/bin/vitalien"
install -D -m 644 $here/fr.vitalien.desktop.desktop -t "$share/applications"
install -D -m 644 $here/autostart.desktop "$root/etc/xdg/autostart/fr.vitalien.desktop.desktop"
install -D -m 644 assets/icon.png "$share/icons/hicolor/512x512/apps/vitalien.png"
install -D -m 644 assets/icon.svg "$share/icons/hicolor/scalable/apps/vitalien.svg"
install -d "$share/metainfo" "$share/doc/vitalien"
fill $here/fr.vitalien.desktop.metainfo.xml "VERSION=$version" "DATE=$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)" \
	>"$share/metainfo/fr.vitalien.desktop.metainfo.xml"
gzip -9n <CHANGELOG.md >"$share/doc/vitalien/NEWS.gz"
install -m 644 $here/copyright "$share/doc/vitalien/copyright"
desktop-file-validate "$share/applications/"*.desktop "$root/etc/xdg/autostart/"*.desktop
appstreamcli validate --no-net --pedantic "$share/metainfo/fr.vitalien.desktop.metainfo.xml"

# What the program is linked with, and what the toolkit loads by name.
loaded=(libxcursor1 libxext6 libxi6 libxinerama1 libxrandr2 libxrender1 libxxf86vm1)
mkdir -p "$work/debian"
touch "$work/debian/control"
linked=$(cd "$work" && dpkg-shlibdeps -O root/usr/bin/vitalien 2>/dev/null | sed -n 's/^shlibs:Depends=//p')
[ -n "$linked" ] || { echo "dpkg-shlibdeps found no dependencies" >&2; exit 1; }
install -d "$root/DEBIAN"
fill $here/control "VERSION=$version" "ARCHITECTURE=$architecture" "SIZE=$(du -sk --apparent-size "$root" | cut -f1)" \
	"DEPENDS=$linked, $(printf '%s, ' "${loaded[@]}" | sed 's/, $//')" >"$root/DEBIAN/control"
echo /etc/xdg/autostart/fr.vitalien.desktop.desktop >"$root/DEBIAN/conffiles"
(cd "$root" && find usr -type f | sort | xargs md5sum) >"$root/DEBIAN/md5sums"
dpkg-deb --root-owner-group -Zxz --build "$root" "$out/vitalien_${version}_$architecture.deb" >/dev/null

# tarball NAME: of the folder NAME in $work.
tarball() {
	tar -C "$work" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner -cf - "$1" | gzip -9n >"$out/$1.tar.gz"
}
full=vitalien-$version-linux-$architecture
install -D -m 755 "$program" "$work/$full/vitalien"
install -m 644 README.md CHANGELOG.md LICENSE assets/icon.png $here/fr.vitalien.desktop.desktop "$work/$full"
tarball "$full"
bare=vitalien-headless-$version-linux-$architecture
install -D -m 755 "$headless" "$work/$bare/vitalien"
install -m 644 README.md CHANGELOG.md LICENSE $here/vitalien.service "$work/$bare"
tarball "$bare"
ls -l "$out"/*"$version"*"$architecture"*
