#!/usr/bin/env bash
# SIGKILL at random instants of runs with a ledger: whatever was killed, and however often, the job
# that goes on comes to the same count, digest and bytes in the end.
#
# usage: kill_ledger.sh PROGRAM [KILLS]
# KILLS (24, or 240 with PARPRIME_TEST_ALL=1) is shared out to counts and lists. Skips (77) a build
# without ledgers. The seed of its chance is printed, and taken from SEED.
set -euo pipefail
program=$(realpath "$1")
kills=${2:-24}
[ -z "${PARPRIME_TEST_ALL:-}" ] || [ $# -gt 1 ] || kills=240
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
[ "$("$program" count 10 -q --ledger probe; echo $?)" != 4 ] || { echo "no ledger in this build"; exit 77; }
RANDOM=${SEED:-$$}
echo "seed ${SEED:-$$}"

digest_of() { # the digest that the result line names
    sed -n 's/.*digest \([0-9a-f]*\).*/\1/p' "$1"
}

random() { # 0 to N-1
    echo $(((RANDOM << 15 | RANDOM) % $1))
}

wrong() {
    echo "kill_ledger: $*" >&2
    cat err >&2
    exit 1
}

# A run that nobody kills takes so many milliseconds.
milliseconds() {
    local begin end
    begin=$(date +%s%N)
    "$@" >/dev/null 2>&1
    end=$(date +%s%N)
    echo $(((end - begin) / 1000000 + 1))
}

backends=$("$program" devices | awk '!/not usable:/ && $1 ~ /:/ && !seen[$2]++ { print $2 }')
ways=()
for backend in $backends; do
    ways+=("--backend $backend")
    [ $backend != openmp ] || ways+=("-t 1 --method sieve" "-t 3" "--simd none")
done

killed=0 endings=0 resumed=0
# storm KIND SHARE START STOP OPTION...: kills runs of a job until its share of kills is done.
storm() {
    local kind=$1 share=$2 want want_digest length way pid code
    want=$("$program" count $3 $4 2>err) || wrong "no count"
    want_digest=$(digest_of err)
    shift 2
    local bytes="" job=("$kind" "$@")
    if [ "$kind" = list ]; then
        "$program" "${job[@]}" -q -o whole
        bytes=$(cksum <whole)
        job+=(-o out)
    fi
    length=$(milliseconds "$program" "${job[@]}")
    rm -f out L L-journal
    while [ $share -gt 0 ]; do
        way=${ways[$(random ${#ways[@]})]}
        "$program" "${job[@]}" --ledger L $way >answer 2>err &
        pid=$!
        sleep "$(printf '0.%03d' "$(random $((length > 900 ? 900 : length)))")"
        if kill -KILL $pid 2>/dev/null; then
            code=0
            wait $pid 2>/dev/null || code=$?
            [ $code -eq 0 ] || [ $code -eq 137 ] || wrong "$way: exit code $code"
            if [ $code -eq 137 ]; then
                killed=$((killed + 1)) share=$((share - 1))
                [ ! -s answer ] || [ "$(cat answer)" = "$want" ] || wrong "an answer: $(cat answer)"
            fi
        else
            code=0
            wait $pid || code=$?
            [ $code -eq 0 ] || wrong "$way: exit code $code"
        fi
        # Each now and then the job is brought to its end, and another begun.
        if [ $code -eq 0 ] || [ "$(random 8)" -eq 0 ] || [ $share -eq 0 ]; then
            code=0
            "$program" "${job[@]}" --ledger L >answer 2>err || code=$?
            [ $code -eq 0 ] || wrong "exit code $code"
            [ "$(digest_of err)" = "$want_digest" ] || wrong "another digest than $want_digest"
            if grep -q ' in L already\|all from L' err; then resumed=$((resumed + 1)); fi
            if [ "$kind" = list ]; then
                [ "$(cksum <out)" = "$bytes" ] || wrong "other bytes"
            else
                [ "$(cat answer)" = "$want" ] || wrong "$(cat answer) instead of $want"
            fi
            endings=$((endings + 1))
            rm -f out L L-journal
        fi
    done
}

storm count $((kills / 3)) 0 4e9 --method sieve
storm count $((kills / 6)) 1e17 1e17+1e9
storm list $((kills / 4)) 0 3e8
storm list $((kills - kills / 3 - kills / 6 - kills / 4)) 0 2e8 --output-format u64
echo "$killed kills, $endings jobs brought to their end after them, $resumed from a ledger that held something; all with the same answers"
