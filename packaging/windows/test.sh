#!/usr/bin/env bash
# test.sh PACKAGES
# Signs a copy of the program with a certificate of its own, then installs it
# under wine, runs it with its window under Xvfb, starts it a second time and
# uninstalls it. wine 8 lacks bcryptprimitives.dll, which Go demands: a DLL with
# its one function is made for the test's own prefix.
set -euo pipefail
packages=$(realpath "$1")
cd "$(dirname "$0")"
version=$(sed -n 's/^Version = "\(.*\)"/\1/p' ../../FyneApp.toml)
work=$(mktemp -d)
export WINEPREFIX=$work/prefix WINEDEBUG=-all WINEDLLOVERRIDES="mscoree,mshtml=;bcryptprimitives=n,b"
wine=$(command -v wine64 || command -v wine || echo /usr/lib/wine/wine64)
server=$(command -v wineserver || echo /usr/lib/wine/wineserver64)
pids=()
clean() {
	"$server" -k 2>/dev/null || true
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	rm -rf "$work"
}
trap clean EXIT
fail() { echo "test.sh: $*" >&2; exit 1; }
step() { echo "== $*"; }
waits() { # until a command succeeds, a minute at most
	for _ in {1..240}; do ! "$@" >/dev/null 2>&1 || return 0; sleep 0.25; done
	return 1
}

step "sign, with a certificate of the test's own"
openssl req -x509 -newkey rsa:2048 -nodes -keyout "$work/key.pem" -out "$work/cert.pem" -days 2 -subj "/CN=Vitalien test" \
	-addext extendedKeyUsage=codeSigning 2>/dev/null
cp "$packages/Vitalien.exe" "$work/signed.exe"
SIGN_CERT=$work/cert.pem SIGN_KEY=$work/key.pem ./sign.sh "$work/signed.exe"
osslsigncode verify -CAfile "$work/cert.pem" "$work/signed.exe" >"$work/verify.log" || { cat "$work/verify.log"; fail "the signature does not hold"; }

step "a fresh prefix"
mkfifo "$work/display"
Xvfb -displayfd 3 -screen 0 1280x800x24 -nolisten tcp 3>"$work/display" 2>/dev/null &
pids+=($!)
read -r number <"$work/display"
export DISPLAY=:$number
"$wine" wineboot -i >/dev/null 2>&1
"$server" -w
system=$WINEPREFIX/drive_c/windows/system32
if [ ! -e "$system/bcryptprimitives.dll" ]; then
	cat >"$work/p.c" <<-'END'
		#include <windows.h>
		BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); /* RtlGenRandom */
		__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, (ULONG)size); }
	END
	x86_64-w64-mingw32-gcc -shared -o "$system/bcryptprimitives.dll" "$work/p.c" -ladvapi32
fi
user=$WINEPREFIX/drive_c/users/$(id -un)
programs=$user/AppData/Local/Programs/Vitalien
value() { "$wine" reg query "$1" /v "$2" 2>/dev/null | tr -d '\r' | grep -F "$3"; }

step "install, silently"
"$wine" "$packages/Vitalien-$version.exe" /S
waits test -f "$programs/Uninstall.exe" || fail "nothing was installed"
value 'HKCU\Software\Microsoft\Windows\CurrentVersion\Run' Vitalien minimized || fail "no autostart"
value 'HKCU\Software\Classes\vitalien\shell\open\command' '' '%1' || "$wine" reg query 'HKCU\Software\Classes\vitalien\shell\open\command' /ve | grep -q '%1' || fail "no links"

step "commands"
said=$("$wine" "$programs/Vitalien.exe" --version | tr -d '\r')
[ "$said" = "vitalien $version" ] || fail "--version said $said"
[ "$("$wine" "$programs/Vitalien.exe" autostart status | tr -d '\r')" = on ] || fail "autostart is not seen"

step "run, with its window"
"$wine" "$programs/Vitalien.exe" --listen localhost:63377 --hl7-listen 127.0.0.1:63378 >"$work/said" 2>"$work/log" &
pids+=($!)
served=$!
waits grep -q "^ready http://127.0.0.1:63377" "$work/said" || { cat "$work/log"; fail "not ready"; }
waits curl -sf http://127.0.0.1:63377/status || fail "no answer"
waits xdotool search --onlyvisible --name Vitalien || { cat "$work/log"; fail "no window"; }

step "a second start"
timeout 60 "$wine" "$programs/Vitalien.exe" || fail "the second start ended with $?"

step "a client receives an event"
NODE_PATH=../../app/testdata/clients/node_modules timeout 60 node -e '
	const socket = require("sio4")("http://127.0.0.1:63377");
	socket.on("connect", () => console.log("connected"));
	socket.on("fhir", (o) => { console.log(o.code.coding[0].code); process.exit(0); });
' >"$work/events" &
client=$!
waits grep -q connected "$work/events" || fail "the client does not connect"
node -e '
	const s = require("net").connect(63378, "127.0.0.1");
	s.write("\x0b" + ["MSH|^~\\&|M|W|||20261120101500+0100||ORU^R01^ORU_R01|1|P|2.6||||||UNICODE UTF-8", "PID|||7^^^C||Martin",
		"OBR|1|||182777000^m^SCT|||20261120101500+0100", "OBX|1|NM|8867-4^Heart rate^LN||72|/min|||||F|||20261120101500+0100"].join("\r") + "\r\x1c\r");
	s.on("data", (d) => process.exit(d.toString().includes("MSA|AA|") ? 0 : 1));
' || fail "the message was not acknowledged"
wait "$client" || fail "no event"

step "stop"
timeout 60 "$wine" "$programs/Vitalien.exe" stop || fail "stop ended with $?"
wait "$served" || fail "ended with $?"

logs=$user/AppData/Local/Vitalien/logs
"$wine" "$programs/Vitalien.exe" autostart off # or the next session starts one more
for flags in --minimized=false --headless; do
	step "the session ends, and the program with it $flags"
	"$wine" "$programs/Vitalien.exe" $flags --listen localhost:63377 >"$work/said$flags" 2>>"$work/log" &
	pids+=($!)
	served=$!
	waits grep -q "^ready " "$work/said$flags" || { cat "$work/log"; fail "not ready"; }
	[ "$flags" = --headless ] || waits xdotool search --onlyvisible --name Vitalien || fail "no window"
	timeout 60 "$wine" wineboot --end-session || fail "the session does not end"
	wait "$served" || fail "ended with $?"
	tail -n 1 "$logs/vitalien.log" | grep -q 'msg=ended' || { cat "$logs/vitalien.log"; fail "it was ended, and did not end"; }
	! grep -q 'the program died' "$logs/vitalien.log" || fail "its supervisor took the end for a crash"
done
"$wine" "$programs/Vitalien.exe" autostart on
value 'HKCU\Software\Microsoft\Windows\CurrentVersion\Run' Vitalien minimized || fail "no autostart"

step "a support file"
"$wine" "$programs/Vitalien.exe" support 'C:\support.zip' || fail "no support file"
unzip -p "$WINEPREFIX/drive_c/support.zip" report.json | grep -q '"name": "Windows' || fail "the report does not name Windows"

step "uninstall, silently"
cp "$programs/Uninstall.exe" "$work/uninstall.exe"
"$wine" "$work/uninstall.exe" /S /DATA "_?=C:\\users\\$(id -un)\\AppData\\Local\\Programs\\Vitalien"
"$server" -w
rm -f "$programs/Uninstall.exe" # runs from elsewhere here, so that it can be waited for
[ ! -e "$programs/Vitalien.exe" ] || fail "the program is still there"
! value 'HKCU\Software\Microsoft\Windows\CurrentVersion\Run' Vitalien Vitalien || fail "autostart is left"
! "$wine" reg query 'HKCU\Software\Classes\vitalien' >/dev/null 2>&1 || fail "links are left"
! "$wine" reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Vitalien' >/dev/null 2>&1 || fail "the entry is left"
[ ! -e "$user/AppData/Local/Vitalien" ] || fail "data is left"
echo "the Windows package is well"
