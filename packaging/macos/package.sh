#!/usr/bin/env bash
# package.sh PROGRAM OUT
# Makes OUT/Vitalien-VERSION.dmg of a program that was built on this Mac, signed
# where SIGN_IDENTITY names a certificate of the keychain. It has not been tried
# on a Mac yet. macOS hands links to a program by an Apple event, which Vitalien
# does not read: vitalien: links are not declared.
set -euo pipefail
[ "$(uname -s)" = Darwin ] || { echo "package-macos needs a Mac with the Xcode command line tools" >&2; exit 1; }
program=$1 out=$2
mkdir -p "$out"
out=$(cd "$out" && pwd)
cd "$(dirname "$0")/../.."
version=$(sed -n 's/^Version = "\(.*\)"/\1/p' FyneApp.toml)
build=$(sed -n 's/^Build = \(.*\)/\1/p' FyneApp.toml)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bundle=$work/dmg/Vitalien.app
mkdir -p "$bundle/Contents/MacOS" "$bundle/Contents/Resources" "$work/icon.iconset"
cp "$program" "$bundle/Contents/MacOS/vitalien"
for size in 16 32 128 256 512; do
	sips -z $size $size assets/icon.png --out "$work/icon.iconset/icon_${size}x$size.png" >/dev/null
done
iconutil -c icns "$work/icon.iconset" -o "$bundle/Contents/Resources/icon.icns"
cat >"$bundle/Contents/Info.plist" <<END
<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>CFBundleName</key><string>Vitalien</string>
	<key>CFBundleIdentifier</key><string>fr.vitalien.desktop</string>
	<key>CFBundleExecutable</key><string>vitalien</string>
	<key>CFBundleIconFile</key><string>icon</string>
	<key>CFBundlePackageType</key><string>APPL</string>
	<key>CFBundleShortVersionString</key><string>$version</string>
	<key>CFBundleVersion</key><string>$build</string>
	<key>NSHighResolutionCapable</key><true/>
	<key>NSBluetoothAlwaysUsageDescription</key><string>Vitalien reçoit les mesures des appareils de santé Bluetooth.</string>
	<key>NSLocalNetworkUsageDescription</key><string>Vitalien reçoit les mesures des moniteurs du réseau.</string>
</dict>
</plist>
END
plutil -lint "$bundle/Contents/Info.plist"
[ -z "${SIGN_IDENTITY:-}" ] || codesign --force --options runtime --timestamp --sign "$SIGN_IDENTITY" "$bundle"
ln -s /Applications "$work/dmg/Applications"
hdiutil create -quiet -fs HFS+ -volname Vitalien -srcfolder "$work/dmg" "$out/Vitalien-$version.dmg"
