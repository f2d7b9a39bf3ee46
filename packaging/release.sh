#!/usr/bin/env bash
# release.sh KEY                  prints the public half of KEY
# release.sh KEY PACKAGES [DAYS]  announces the packages of PACKAGES
# Writes PACKAGES/release.json, signed with KEY and good for DAYS days (60): put
# the folder on a web server of https, and the address of release.json into
# [update] url of config.toml. Write it anew before it expires.
# KEY is made once, and kept where nobody else can read it:
#   openssl genpkey -algorithm ed25519 -out KEY
# Its public half is built in (UPDATE_KEY=… make package) or set in config.toml.
set -euo pipefail
key=$(realpath "$1")
if [ $# -eq 1 ]; then
	openssl pkey -in "$key" -pubout -outform DER | tail -c 32 | base64
	exit
fi
packages=$(realpath "$2") days=${3:-60}
version=$(sed -n 's/^Version = "\(.*\)"/\1/p' "$(dirname "$0")/../FyneApp.toml")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
artefacts=()
add() { # TARGET FILE
	[ -f "$packages/$2" ] || return 0
	artefacts+=("\"$1\":{\"url\":\"$2\",\"size\":$(stat -c %s "$packages/$2"),\"sha256\":\"$(sha256sum "$packages/$2" | cut -d' ' -f1)\"}")
}
add windows-amd64 "Vitalien-$version.exe"
for architecture in amd64 arm64; do
	add "linux-$architecture-deb" "vitalien_${version}_$architecture.deb"
	add "linux-$architecture" "vitalien-$version-linux-$architecture.tar.gz"
	add "linux-$architecture-headless" "vitalien-headless-$version-linux-$architecture.tar.gz"
done
[ ${#artefacts[@]} -gt 0 ] || { echo "release.sh: no package of version $version in $packages" >&2; exit 1; }
printf '{"version":"%s","expires":"%s","artefacts":{%s}}' "$version" "$(date -u -d "+$days days" +%FT%TZ)" "$(IFS=,; echo "${artefacts[*]}")" >"$work/signed"
{ printf 'vitalien release 1\n'; cat "$work/signed"; } >"$work/message"
openssl pkeyutl -sign -rawin -inkey "$key" -in "$work/message" -out "$work/signature"
printf '{"signed":"%s","signature":"%s"}\n' "$(base64 -w 0 <"$work/signed")" "$(base64 -w 0 <"$work/signature")" >"$packages/release.json"
echo "$packages/release.json announces $version"
