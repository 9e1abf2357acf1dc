#!/bin/sh
# Fetches the playground's third-party files at their pinned versions and writes SHA256SUMS beside
# them. Needs npm; run it from this directory. NOTICE.txt is kept by hand: it names what graphiql.min.js
# bundles (the sources of graphiql.min.js.map) and the two fonts inside graphiql.min.css.
set -eu
export LC_ALL=C

there=$(pwd)/vendor
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

for package in graphiql@4.1.2 react@18.2.0 react-dom@18.2.0; do
	tarball=$(npm pack --silent "$package")
	mkdir "${package%@*}"
	tar -xzf "$tarball" -C "${package%@*}" --strip-components=1
done

cp graphiql/graphiql.min.js graphiql/graphiql.min.css "$there"
cp react/umd/react.production.min.js react-dom/umd/react-dom.production.min.js "$there"
cp graphiql/LICENSE "$there/LICENSE-graphiql.txt"
cp react/LICENSE "$there/LICENSE-react.txt"
cp react-dom/LICENSE "$there/LICENSE-react-dom.txt"

cd "$there"
sha256sum *.js *.css *.txt >SHA256SUMS
