#!/bin/sh
# bench/batch: small sets pass with all answers equal, the numbers are the same everywhere, and a
# wrong answer of any contestant is found, with exit code 3 and no times.
#
# usage: batch.sh BATCH PEER_LIBRARY
set -eu
batch=$1
peer=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$1"
  cat "$work/out" "$work/err"
  exit 1
}
expect() { # expect CODE OPTION...
  code=$1
  shift
  status=0
  "$batch" --seed 1 "$@" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" -eq "$code" ] || fail "batch $*: exit code $status, not $code"
}
says() { # says FILE TEXT
  grep -qF -- "$2" "$work/$1" || fail "std$1 should say: $2"
}
says_not() {
  ! grep -qF -- "$2" "$work/$1" || fail "std$1 should not say: $2"
}

small="--scale 1000 --runs 1"

# shellcheck disable=SC2086 # several words
expect 0 $small --json "$work/json" --output "$work/md"
for sum in 894ae27bef7b8559 b2b041102803f1b1 eca3c1edd5ea7224 0671a12f05d806be 6f914b67047936c3; do
  says out "20000 numbers"
  says out "checksum $sum, "
  grep -qF "checksum $sum, " "$work/md" || fail "the Markdown lacks set $sum"
  grep -qF "\"$sum\"" "$work/json" || fail "the document lacks set $sum"
done
says out "(2000 distinct, repeated), checksum eca3c1edd5ea7224, 20000 prime;"
says out "(2000 distinct, repeated), checksum 0671a12f05d806be, 20000 prime;"
for contestant in "GMP 6" "pp_is_prime" "serial, simd auto (mr, " "serial, simd none (mr, none)"; do
  [ "$(grep -cF "$contestant" "$work/out")" -eq 5 ] || fail "not in five sets: $contestant"
done
# Whoever is not there is named.
for contestant in flint pari; do
  grep -q "^\(left out: \)\{0,1\}$contestant: " "$work/out" || fail "where is $contestant?"
done

# shellcheck disable=SC2086
{
  expect 0 $small --sets iii --contestants one --peer "yes:$peer:all_prime"
  says out "yes, all_prime"
  expect 3 $small --sets i --contestants one --peer "yes:$peer:all_prime"
  says err "number 0 of set (i): yes says prime, pp_test not prime"
  says_not out "worst call"
  expect 3 $small --sets iii --runs 2 --contestants one --peer "once:$peer:all_but_one_prime"
  # 1984 calls to warm up, so it is the 1349th of the next run.
  says err "number 1348 of set (iii): once says not prime, pp_test prime"
  says_not out "worst call"

  # Another FLINT beside the installed one: the first keeps its own functions.
  mkdir "$work/flint"
  cp "$peer" "$work/flint/libflint.so"
  expect 0 $small --sets iii --contestants 'flint*,one' --flint "$work/flint"
  says out "FLINT 0.0.7, n_is_prime"
  expect 3 $small --sets i --contestants 'flint*,one' --flint "$work/flint"
  says err "flint-0.0.7 says prime, pp_test not prime"

  expect 4 $small --flint "$work/nowhere"
  expect 4 $small --peer "none:$peer:no_such_function"
  expect 2 $small --peer "$peer"
  expect 2 $small --sets vi
  expect 2 $small --contestants one,nobody
  says err "there is no contestant 'nobody', only flint"
  expect 2 --runs 0
  expect 5 $small --sets v --contestants one --json "$work/no/folder"
}

# 7, 8, 11 and 2^63: two primes.
printf '\007\0\0\0\0\0\0\0\010\0\0\0\0\0\0\0\013\0\0\0\0\0\0\0\0\0\0\0\0\0\0\200' >"$work/numbers"
expect 0 --library-file "$work/numbers" --backend serial --runs 2
says out '{"numbers": 4, "primes": 2, '
printf '\007\0\0' >"$work/numbers"
expect 5 --library-file "$work/numbers"
