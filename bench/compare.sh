#!/bin/sh
# ./compare.sh [rounds]: Vaurien beside what people would pick instead, as one table.
set -e
here=$(cd "$(dirname "$0")" && pwd)
. "$here/peers/lib.sh"
"$here/build.sh"
OUT=$(mktemp)
export OUT
"$here/suite.sh" -only vaurien,haproxy,haproxy-splice-force,nginx,toxiproxy -rounds "${1:-3}" \
	-cells '^(bulk|rtt-1x64|rtt-64|churn|redis|pgbench|wrk|idle-5000|delay-10ms-200c|delay-100ms-200c|delay-bulk-1|jitter|rate-100k|rate-10m-20c)'
"$BIN/loadgen" table "$OUT"
rm -f "$OUT"
