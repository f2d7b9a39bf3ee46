#!/usr/bin/env bash
# test.sh PACKAGES
# Installs the .deb of PACKAGES in a fresh Debian, runs it as a user, upgrades
# it while it runs, purges it, and runs the headless program on a system without
# any library. It needs root. MIRROR and SUITE choose the Debian.
set -euo pipefail
packages=$(realpath "$1")
mirror=${MIRROR:-http://deb.debian.org/debian} suite=${SUITE:-bookworm}
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^Version = "\(.*\)"/\1/p' FyneApp.toml)
architecture=$(dpkg --print-architecture)
deb=$packages/vitalien_${version}_$architecture.deb
work=$(mktemp -d)
root=$work/debian
pids=()
clean() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
	for folder in "$root/proc" "$work/bare/proc"; do ! mountpoint -q "$folder" || umount -l "$folder"; done
	rm -rf --one-file-system "$work"
}
trap clean EXIT
fail() { echo "test.sh: $*" >&2; exit 1; }
step() { echo "== $*"; }
inside=(chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
as_user=("${inside[@]}" setpriv --reuid=doctor --regid=doctor --clear-groups env HOME=/home/doctor)

step "a fresh $suite"
debootstrap --variant=minbase "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 || { tail "$work/debootstrap.log"; fail debootstrap; }
mount -t proc proc "$root/proc"
"${inside[@]}" useradd --create-home doctor
# everything but what apt itself remembers
files() { find "$root" -xdev -path "$root/proc" -prune -o \( -path "$root/var/lib/apt" -o -path "$root/var/lib/dpkg" -o -path "$root/var/cache" -o -path "$root/var/log" -o -path "$root/tmp" -o -path "$root/home" \) -prune -o -name '*vitalien*' -print; }

step "install"
cp "$deb" "$root/tmp/first.deb"
"${inside[@]}" apt-get update -qq
"${inside[@]}" apt-get install -y -qq --no-install-recommends /tmp/first.deb >"$work/install.log" 2>&1 || { tail "$work/install.log"; fail install; }
[ "$("${as_user[@]}" vitalien --version)" = "vitalien $version" ] || fail "--version"
for file in /usr/share/applications/fr.vitalien.desktop.desktop /etc/xdg/autostart/fr.vitalien.desktop.desktop; do
	[ -f "$root$file" ] || fail "no $file"
done
! "${inside[@]}" ldd /usr/bin/vitalien | grep -q 'not found' || fail "libraries are missing"

# serve starts the installed program as the user and waits until it is ready.
serve() {
	mkfifo "$work/said"
	"${as_user[@]}" vitalien "$@" --listen localhost:0 >"$work/said" 2>>"$work/log" &
	pids+=($!)
	served=$!
	read -r -t 30 line <"$work/said" || { cat "$work/log"; fail "not ready"; }
	rm "$work/said"
	[[ $line == "ready http://127.0.0.1:"* ]] || fail "said $line"
}
step "run, without a display: it goes on headless"
serve
for _ in {1..100}; do ! grep -q 'going on headless' "$work/log" || break; sleep 0.1; done
grep -q 'going on headless' "$work/log" || fail "no word about the display"
"${as_user[@]}" vitalien origins allow https://ehr.example
step "autostart off and on, by the user"
[ "$("${as_user[@]}" vitalien autostart status)" = on ] || fail "autostart is not on"
"${as_user[@]}" vitalien autostart off
[ "$("${as_user[@]}" vitalien autostart status)" = off ] || fail "autostart is not off"
"${as_user[@]}" vitalien autostart on

step "upgrade while it runs"
(cd "$work" && mkdir next && dpkg-deb -R "$deb" next && sed -i "s/^Version: .*/Version: $version+1/" next/DEBIAN/control && dpkg-deb --root-owner-group -b next next.deb >/dev/null)
cp "$work/next.deb" "$root/tmp/next.deb"
"${inside[@]}" apt-get install -y -qq --no-install-recommends /tmp/next.deb >"$work/upgrade.log" 2>&1 || { tail "$work/upgrade.log"; fail upgrade; }
[ "$("${inside[@]}" dpkg-query -W -f '${Version}' vitalien)" = "$version+1" ] || fail "not upgraded"
[ "$("${as_user[@]}" vitalien origins list | cut -f1)" = https://ehr.example ] || fail "the running program does not answer"
kill "$served"
wait "$served" || fail "ended with $?"
serve --headless
[ "$("${as_user[@]}" vitalien origins list | cut -f1)" = https://ehr.example ] || fail "the data is lost"
kill "$served"
wait "$served" || fail "ended with $?"

step "purge"
"${inside[@]}" apt-get purge -y -qq vitalien >"$work/purge.log" 2>&1 || { tail "$work/purge.log"; fail purge; }
left=$(files)
[ -z "$left" ] || fail "left behind: $left"
[ -n "$(ls "$root/home/doctor/.local/share/vitalien")" ] || fail "the user's data is gone"

step "the headless program, on a system without a library"
bare=$work/bare
mkdir -p "$bare/tmp" "$bare/data" "$bare/proc"
mount -t proc proc "$bare/proc"
tar -xzf "$packages/vitalien-headless-$version-linux-$architecture.tar.gz" -C "$bare" --strip-components=1
mkfifo "$work/said"
chroot "$bare" /vitalien --headless --data-dir /data --listen 127.0.0.1:0 >"$work/said" 2>"$work/log" &
pids+=($!)
read -r -t 30 line <"$work/said" || { cat "$work/log"; fail "headless is not ready"; }
kill "${pids[-1]}"
wait "${pids[-1]}" || fail "headless ended with $?"
echo "the packages are well"
