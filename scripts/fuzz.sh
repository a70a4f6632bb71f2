#!/usr/bin/env bash
# Builds the harnesses in tests/fuzz with libFuzzer (clang) and runs them one after the other.
#
#   scripts/fuzz.sh [--seconds N] [HARNESS...]   N seconds each (3600), beginning with the corpus
#                                                and with what earlier runs have found
#   scripts/fuzz.sh --minimise [HARNESS...]      the corpus anew: few of all inputs that are known,
#                                                chosen so that they reach most
#
# Says for each harness how many inputs were tried in how long, and what they reached. An input that
# breaks an invariant is kept under build-fuzz/findings, and the exit code is 3.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=3600
minimise=no
case "${1:-}" in
--seconds)
    seconds=$2
    shift 2
    ;;
--minimise)
    minimise=yes
    shift
    ;;
-*)
    echo "usage: scripts/fuzz.sh [--seconds N | --minimise] [HARNESS...]" >&2
    exit 2
    ;;
esac

cmake --preset fuzz -G Ninja >build-fuzz.log 2>&1 && cmake --build --preset fuzz >>build-fuzz.log 2>&1 || {
    cat build-fuzz.log >&2
    exit 6
}
rm build-fuzz.log
build="build-fuzz"
harnesses=("$@")
if [ $# -eq 0 ]; then
    for file in tests/fuzz/fuzz_*.c; do
        name=${file#tests/fuzz/fuzz_}
        harnesses+=("${name%.c}")
    done
fi

# A small quarantine: with a large one, page faults take most of the time.
export ASAN_OPTIONS=quarantine_size_mb=1

# The most bytes of an input: a record of compare is none when it is cut off.
longest() {
    case $1 in
    baseline) echo 12000 ;;
    *) echo 600 ;;
    esac
}
code=0
for name in "${harnesses[@]}"; do
    corpus=tests/fuzz/corpus/$name work=$build/work/$name findings=$build/findings/$name
    mkdir -p "$work" "$findings"
    program=$build/tests/fuzz/fuzz_$name
    if [ $minimise = yes ]; then
        rm -rf "$build/chosen" "$build/merged" "$build/merge"
        mkdir -p "$build/chosen" "$build/merged"
        "$program" -set_cover_merge=1 -use_counters=0 -use_cmp=0 -max_len=20000 \
            -merge_control_file="$build/merge" "$build/merged" "$corpus" "$work" 2>"$build/$name.log"
        echo "$name: $(python3 tests/fuzz/choose.py "$build/merge" "$build/chosen" 38)"
        # What was put there by hand, for what no coverage shows, stays.
        cp "$corpus"/kept-* "$build/chosen" 2>/dev/null || true
        rm -rf "$corpus"
        mv "$build/chosen" "$corpus"
        continue
    fi
    failed=no
    "$program" -max_total_time="$seconds" -timeout=20 -max_len="$(longest "$name")" -print_final_stats=1 \
        -artifact_prefix="$findings/" "$work" "$corpus" 2>"$build/$name.log" || failed=yes
    tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$build/$name.log")
    reached=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$build/$name.log" | tail -1)
    echo "$name: ${tried:-?} inputs in $seconds s, ${reached:-?}, $(
        [ $failed = yes ] && echo "BROKEN, see $build/$name.log and $findings" || echo "nothing found")"
    [ $failed = no ] || code=3
done
exit $code
