#!/bin/sh
# bench/feed.py: small files pass, and a program that counts wrongly is found.
#
# usage: feed.sh FEED PROGRAM BATCH
set -eu
feed=$1
program=$2
batch=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
command -v python3 >/dev/null || exit 77

fail() {
  echo "$1"
  cat "$work/out"
  exit 1
}
expect() { # expect CODE OPTION...
  code=$1
  shift
  status=0
  python3 "$feed" --batch "$batch" --scale 1000 --runs 1 --folder "$work" "$@" >"$work/out" 2>&1 ||
    status=$?
  [ "$status" -eq "$code" ] || fail "feed.py $*: exit code $status, not $code"
}

expect 0 --program "$program" --backend serial
for text in "64-bit file: 100000 numbers, " "text: 10000 numbers, " "goals" "text, memory: "; do
  grep -qF "$text" "$work/out" || fail "no $text"
done

printf '#!/bin/sh\ncase $1 in test) echo 17 ;; *) exec "%s" "$@" ;; esac\n' "$program" >"$work/liar"
chmod +x "$work/liar"
expect 3 --program "$work/liar"
grep -q "64-bit file: the program counts 17 primes, pp_test " "$work/out" || fail "who counts wrongly?"
! grep -q "ratio" "$work/out" || fail "a ratio of wrong answers"
[ -z "$(find "$work" -name '*.u64')" ] || fail "files are left behind"
