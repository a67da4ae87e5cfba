#!/bin/sh
# builds vaurien, loadgen, floor, figures and the one peer that Debian does not have into $BIN
set -e
here=$(cd "$(dirname "$0")" && pwd)
. "$here/peers/lib.sh"
mkdir -p "$BIN"
(cd "$here/.." && CGO_ENABLED=0 go build -o "$BIN/vaurien" ./cmd/vaurien)
for m in loadgen floor tcpproxy figures; do (cd "$here/$m" && go build -o "$BIN/$m" .); done
[ -x "$BIN/toxiproxy-server" ] || {
	GOBIN="$BIN/gobin" go install github.com/Shopify/toxiproxy/v2/cmd/server@v2.12.0
	mv "$BIN/gobin/server" "$BIN/toxiproxy-server"
}
