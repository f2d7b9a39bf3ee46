#!/usr/bin/env bash
# sign.sh FILE
# Signs a program or an installer where a certificate is given: SIGN_CERT and
# SIGN_KEY (PEM), and SIGN_PASSWORD_FILE where the key has a password. SIGN_TIME is
# the address of a time-stamping service. Without a certificate it does nothing.
set -euo pipefail
[ -n "${SIGN_CERT:-}" ] || exit 0
arguments=(-certs "$SIGN_CERT" -key "$SIGN_KEY" -h sha256 -n Vitalien)
[ -z "${SIGN_PASSWORD_FILE:-}" ] || arguments+=(-readpass "$SIGN_PASSWORD_FILE")
[ -z "${SIGN_TIME:-}" ] || arguments+=(-ts "$SIGN_TIME")
osslsigncode sign "${arguments[@]}" -in "$1" -out "$1.signed" >/dev/null
mv "$1.signed" "$1"
