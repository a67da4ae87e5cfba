#!/bin/sh
# ./compare.sh [-rounds N] [PART ...]
#
# measures Vaurien beside what people would pick instead, and puts tables and
# pictures into docs/performance.md and docs/images. Without a PART it does all
# of them, which takes somewhat under two hours with 5 rounds:
#
#   suite    throughput, CPU, memory, delays and rates, all peers: about 25 minutes
#   scale    how cost grows: about 35 minutes
#   timing   the moment of delays, resets and pacing: about 30 minutes
#   micro    Go benchmarks: about 8 minutes
#   figures  the page and its pictures, of what has been measured: a second
#
#   -rounds N   runs of each (5)
#
# Results are kept in the folder $OUT ($BIN/results), a file for each part; a
# part that is measured anew replaces its file when it is done.
set -e
here=$(cd "$(dirname "$0")" && pwd)
. "$here/peers/lib.sh"

refuse() {
	echo "compare.sh: $*" >&2
	exit 2
}

OUT=${OUT:-$BIN/results}
rounds=5 parts=
while [ $# -gt 0 ]; do
	case $1 in
	-h | -help | --help)
		sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p;}' "$0"
		exit
		;;
	-rounds)
		[ $# -gt 1 ] || refuse "-rounds: is the last word: write how many after it"
		rounds=$2
		shift
		;;
	suite | scale | timing | micro | figures) parts="$parts $1" ;;
	*) refuse "$1: unknown; known: -rounds N and the parts suite, scale, timing, micro, figures" ;;
	esac
	shift
done
case $rounds in
'' | *[!0-9]* | 0*) refuse "-rounds: \"$rounds\" is no number of rounds: write 1 or more" ;;
esac

"$here/build.sh"
mkdir -p "$OUT"

# begin FILE begins the results of a part with the machine and the versions;
# finish FILE puts them where the last ones were.
begin() { "$BIN/loadgen" machine -bin "$BIN" -source "$here" >"$OUT/$1.new"; }
finish() { mv "$OUT/$1.new" "$OUT/$1"; }

# cells PEERS REGEXP runs these cells of the suite.
cells() {
	"$BIN/loadgen" suite -peers "$here/peers" -dir "$BIN/run" -out "$OUT/suite.jsonl.new" \
		-rounds "$rounds" -only "$1" -cells "$2"
}

for part in ${parts:-suite scale timing micro figures}; do
	case $part in
	suite)
		peers=vaurien,haproxy,haproxy-splice-force,nginx,toxiproxy
		begin suite.jsonl
		# The floor of splicing in Go is a goal of bulk alone, and only servers
		# that speak a protocol have one that can be framed.
		cells $peers,floor-splice '^bulk'
		cells $peers '^(rtt-1x64$|rtt-64|churn|idle-5000|delay|jitter|rate)'
		cells $peers,vaurien-framed '^(redis|pgbench|wrk)'
		finish suite.jsonl
		;;
	scale | timing)
		begin $part.jsonl
		"$BIN/loadgen" $part -peers "$here/peers" -dir "$BIN/run" -out "$OUT/$part.jsonl.new" -rounds "$rounds"
		finish $part.jsonl
		;;
	micro)
		# benchstat and the page's confidence intervals want six rounds.
		"$here/micro.sh" -count $((rounds > 6 ? rounds : 6)) -out "$OUT/micro.txt.new"
		finish micro.txt
		;;
	figures)
		set --
		for p in suite scale timing; do [ ! -f "$OUT/$p.jsonl" ] || set -- "$@" -$p "$OUT/$p.jsonl"; done
		[ ! -f "$OUT/micro.txt" ] || set -- "$@" -micro "$OUT/micro.txt"
		"$BIN/figures" "$@" -page "$here/../docs/performance.md" -images "$here/../docs/images"
		;;
	esac
done
