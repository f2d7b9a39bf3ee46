#!/usr/bin/env bash
# Installs what the build (deps.sh build), the tests (deps.sh test), those with
# the real BlueZ (deps.sh bluez) or the packages (deps.sh package; deps.sh wine
# to test them) need, on Debian and Ubuntu; elsewhere it says what to install.
set -euo pipefail

build=(ca-certificates gcc libc6-dev libgl1-mesa-dev xorg-dev libxkbcommon-dev)
test=(chromium openssl strace tesseract-ocr tesseract-ocr-fra xvfb xdotool desktop-file-utils imagemagick x11-utils dbus gnome-keyring python3-hl7 python3-requests python3-socketio python3-websocket)
bluez=(qemu-system-x86 busybox-static kmod cpio bluez dbus)
package=(appstream desktop-file-utils dpkg-dev debootstrap gcc-mingw-w64-x86-64-posix imagemagick nsis osslsigncode)
command -v node >/dev/null || test+=(nodejs)
command -v npm >/dev/null || test+=(npm)

case "${1:-}" in
build) wanted=("${build[@]}") ;;
test) wanted=("${build[@]}" "${test[@]}") ;;
wine) wanted=("${package[@]}" wine64 curl openssl unzip xvfb xdotool) ;;
bluez) wanted=("${bluez[@]}") ;;
package) wanted=("${build[@]}" "${package[@]}") ;;
*) echo "usage: $0 build|test|bluez|package|wine" >&2; exit 2 ;;
esac

if [ "$(uname -s)" != Linux ]; then
	command -v cc >/dev/null || command -v gcc >/dev/null || {
		echo "A C compiler is needed: on macOS 'xcode-select --install', on Windows MinGW-w64 (for example with MSYS2)." >&2
		exit 1
	}
	exit 0
fi
if ! command -v dpkg-query >/dev/null; then
	echo "Not Debian or Ubuntu: install what these packages hold: ${wanted[*]}" >&2
	exit 0
fi

missing=()
for package in "${wanted[@]}"; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

admin=()
if [ "$(id -u)" != 0 ]; then
	command -v sudo >/dev/null || {
		echo "As root: apt-get install --no-install-recommends ${missing[*]}" >&2
		exit 1
	}
	admin=(sudo)
fi
echo "Installing ${missing[*]}"
"${admin[@]}" apt-get update -qq
"${admin[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
