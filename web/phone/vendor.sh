#!/bin/sh
# Fetches the phone page's reader of QR codes at its pinned version and writes SHA256SUMS beside it.
# Needs npm; run it from this directory. decode.js imports index.js.
set -eu
export LC_ALL=C

there=$(pwd)/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

tar -xzf "$(npm pack --silent qr@0.7.0)" --strip-components=1
cp decode.js index.js "$there"
cp LICENSE-MIT "$there/LICENSE-qr.txt"

cd "$there"
sha256sum *.js *.txt >SHA256SUMS
