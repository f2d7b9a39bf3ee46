#!/usr/bin/env bash
# package.sh OUT
# Makes OUT/Vitalien.exe and its installer OUT/Vitalien-VERSION.exe, signed where
# sign.sh finds a certificate.
set -euo pipefail
out=$(realpath -m "$1")
cd "$(dirname "$0")"
./build.sh "$out"
./sign.sh "$out/Vitalien.exe"
version=$(sed -n 's/^Version = "\(.*\)"/\1/p' ../../FyneApp.toml)
makensis -V2 -WX -INPUTCHARSET UTF8 -DVERSION="$version" -DPROGRAM="$out/Vitalien.exe" -DOUT="$out/Vitalien-$version.exe" installer.nsi
./sign.sh "$out/Vitalien-$version.exe"
ls -l "$out/Vitalien.exe" "$out/Vitalien-$version.exe"
