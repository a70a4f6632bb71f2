#!/bin/sh
# Tables that take minutes, so only PARPRIME_TEST_ALL=1 (scripts/test.sh --all) has them: pi(10^k) up
# to 10^11, pi(2^32), primes in [10^k, 10^k + 10^8], and all pseudoprimes to base 2 below 2^32.
# Usage: tables.sh PROGRAM PSP2
set -u
program=$1
psp2=$2
[ "${PARPRIME_TEST_ALL:-}" = 1 ] || { echo "only with PARPRIME_TEST_ALL=1"; exit 77; }
failed=0

# expect ANSWER COMMAND...
expect() {
    answer=$1
    shift
    got=$("$@" 2>&1)
    if [ "$got" = "$answer" ]; then
        echo "ok: $*: $answer"
    else
        echo "not ok: $*: $got, not $answer"
        failed=1
    fi
}

for backend in serial openmp; do
    "$program" count 10 --backend $backend -q >/dev/null 2>&1 || continue
    count() {
        expect "$1" "$program" count $2 --backend $backend --method sieve -q
    }
    # OEIS A006880.
    k=0
    for pi in 4 25 168 1229 9592 78498 664579 5761455 50847534 455052511 4118054813; do
        k=$((k + 1))
        count $pi "10^$k"
    done
    count 203280221 2^32
    count 36190991 "10^12 10^12+10^9"
    k=11
    for primes in 3618282 3342093 3102679 2893937 2714904 2555873; do
        k=$((k + 1))
        count $primes "10^$k 10^$k+10^8"
    done
done

# 10403 pseudoprimes to base 2 below 2^32, of which 2314 are strong: J. Feitsma's and W. Galway's
# list; OEIS A001567, A001262.
found=$("$psp2" --below 4294967296 --least 3 2>&1)
case $found in
*" 10403 pseudoprimes to base 2, "*", 2314 strong"*) echo "ok: pseudoprimes to base 2 below 2^32" ;;
*)
    echo "not ok: psp2: $found"
    failed=1
    ;;
esac
exit $failed
