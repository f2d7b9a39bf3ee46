#!/usr/bin/env bash
# build.sh OUT
# Cross-builds OUT/Vitalien.exe with MinGW-w64: a program of windows, with icon,
# version and manifest. GO is the go command, WINDOWS_CC the compiler for C,
# UPDATE_KEY the public key of whoever announces new versions.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$1 go=${GO:-go}
version=$(sed -n 's/^Version = "\(.*\)"/\1/p' FyneApp.toml)
build=$(sed -n 's/^Build = \(.*\)/\1/p' FyneApp.toml)
IFS=. read -r major minor patch <<<"$version"
work=$(mktemp -d)
resource=app/vitalien_windows_amd64.syso # go build takes it from there
trap 'rm -rf "$work" "$resource"' EXIT
convert -background none assets/icon.png -define icon:auto-resize=256,64,48,32,24,16 "$work/vitalien.ico"
echo '{}' >"$work/versioninfo.json"
"$go" tool goversioninfo -64 -icon "$work/vitalien.ico" -manifest packaging/windows/vitalien.manifest -o "$resource" \
	-ver-major "$major" -ver-minor "$minor" -ver-patch "$patch" -ver-build "$build" -file-version "$version.$build" \
	-product-ver-major "$major" -product-ver-minor "$minor" -product-ver-patch "$patch" -product-ver-build "$build" -product-version "$version.$build" \
	-product-name Vitalien -description Vitalien -company Vitalien -copyright "Apache-2.0" \
	-internal-name vitalien -original-name Vitalien.exe -translation 0x040c -charset 1200 "$work/versioninfo.json"
mkdir -p "$out"
CGO_ENABLED=1 GOOS=windows GOARCH=amd64 CC=${WINDOWS_CC:-x86_64-w64-mingw32-gcc-posix} \
	"$go" build -trimpath -ldflags "-s -w -H windowsgui -X main.updateKey=${UPDATE_KEY:-}" -tags migrated_fynedo,no_emoji -o "$out/Vitalien.exe" ./app
