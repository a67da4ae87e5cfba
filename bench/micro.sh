#!/bin/sh
# ./micro.sh [-count N] [-benchtime T] [-bench REGEXP] [-out FILE] [BASE]
#
# runs the Go benchmarks of all packages and summarizes them with benchstat.
# With a BASE, any name of a git revision, it runs that revision's too, a round
# of the one and a round of the other in turn, and says what has changed.
#
#   -count N       rounds (10; benchstat wants 6 at least to tell a change from noise)
#   -benchtime T   for each benchmark in each round (100ms), or so many times: 10x
#   -bench REGEXP  which of them (.)
#   -out FILE      where the output of go test goes ($BIN/micro.txt); BASE's goes to FILE.base
set -e
here=$(cd "$(dirname "$0")" && pwd)
. "$here/peers/lib.sh"

# benchstat has no releases; any later version does.
benchstat=golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da

refuse() {
	echo "micro.sh: $*" >&2
	exit 2
}

count=10 benchtime=100ms bench=. out=$BIN/micro.txt base=
while [ $# -gt 0 ]; do
	case $1 in
	-h | -help | --help)
		sed -n '2,/^set -e/{/^set -e/d;s/^# \{0,1\}//;p;}' "$0"
		exit
		;;
	-count | -benchtime | -bench | -out)
		[ $# -gt 1 ] || refuse "$1: is the last word: write what it is to be after it"
		case $1 in
		-count) count=$2 ;;
		-benchtime) benchtime=$2 ;;
		-bench) bench=$2 ;;
		-out) out=$2 ;;
		esac
		shift 2
		;;
	-*) refuse "$1: unknown flag; known: -count, -benchtime, -bench, -out" ;;
	*)
		[ -z "$base" ] || refuse "$1: there is a revision to compare with already, $base"
		base=$1
		shift
		;;
	esac
done
case $count in
'' | *[!0-9]* | 0*) refuse "-count: \"$count\" is no number of rounds: write 1 or more" ;;
esac
[ -z "$base" ] || git -C "$here" rev-parse --quiet --verify "$base^{commit}" >/dev/null ||
	refuse "$base: no such revision"

dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
mkdir -p "$BIN" "$(dirname "$out")"

# build TREE NAME makes the test binary of each package of TREE that has
# benchmarks, as $dir/NAME/FOLDER.test, a folder's slashes written as commas.
build() {
	mkdir -p "$dir/$2"
	(
		cd "$1"
		go list -f '{{range .TestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$.Dir}}/{{.}}{{"\n"}}{{end}}' ./... |
			xargs grep -l '^func Benchmark' | xargs -n 1 dirname | sort -u | while read -r package; do
			folder=${package#"$(pwd -P)"}
			folder=${folder#/}
			go test -c -o "$dir/$2/$(echo "${folder:-.}" | tr / ,).test" "./$folder"
		done
	)
}

# round TREE NAME FILE runs each binary once, in its package's folder.
round() {
	for binary in "$dir/$2"/*.test "$dir/$2"/..test; do
		[ -x "$binary" ] || continue
		folder=$(basename "$binary" .test | tr , /)
		(cd "$1/$folder" && "$binary" -test.run '^$' -test.bench "$bench" -test.benchtime "$benchtime") >>"$3" ||
			refuse "a benchmark of ./$folder failed: see the end of $3"
	done
}

tree=$(cd "$here/.." && pwd -P)
build "$tree" now
: >"$out"
if [ -n "$base" ]; then
	# An archive and not a worktree: it leaves nothing in the repository.
	mkdir "$dir/tree"
	git -C "$tree" archive "$base" | tar -x -C "$dir/tree"
	build "$(cd "$dir/tree" && pwd -P)" base
	: >"$out.base"
fi
i=0
while [ $i -lt "$count" ]; do
	[ -z "$base" ] || round "$dir/tree" base "$out.base"
	round "$tree" now "$out"
	i=$((i + 1))
done
grep -q '^Benchmark' "$out" || refuse "-bench: no benchmark is called like \"$bench\""
if [ -n "$base" ]; then
	go run $benchstat "$base=$out.base" "now=$out"
else
	go run $benchstat "$out"
fi
