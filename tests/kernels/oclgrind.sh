#!/bin/sh
# Every kernel under Oclgrind, a simulator that finds accesses out of bounds, data races between
# work-items, barriers that not all of a group reach, and reads of what was never written. Opening
# a session already runs the self-test, which goes through most kernels; the jobs below go through
# all of them, by both kinds of kernels: at the end, kernels that are in the sources but did not run
# are a failure too.
# Usage: oclgrind.sh PROGRAM KEEP_BUFFERS KERNEL_FOLDER C_COMPILER
set -u
program=$1
keep_buffers=$2
kernel_folder=$3
compiler=$4
command -v oclgrind >/dev/null || { echo "oclgrind is not installed"; exit 77; }
"$program" --version | grep -q '^OpenCL *ICD loader' || { echo "built without OpenCL"; exit 77; }

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
failed=0
simulate=
preload=

# expect ANSWER WORDS...: the answer, and not a word from Oclgrind.
expect() {
    answer=$1
    shift
    : >"$work/answer"
    # shellcheck disable=SC2086,SC2016
    timeout 250 oclgrind --inst-counts $simulate sh -c 'LD_PRELOAD="$1 $LD_PRELOAD"; shift; exec "$@"' sh \
        "$preload" "$program" "$@" -q -o "$work/answer" >"$work/out" 2>"$work/err"
    code=$?
    sed -n "s/^Instructions executed for kernel '\(.*\)':$/\1/p" "$work/out" >>"$work/ran"
    if [ $code -ne 0 ] || [ "$(cat "$work/answer")" != "$answer" ] || [ -s "$work/err" ] ||
        grep -q Kernel: "$work/out"; then
        echo "not ok: $* (exit code $code)"
        grep -v "^Instructions\|^ *[0-9]* - " "$work/out" | head -n 20
        head -n 20 "$work/answer" "$work/err"
        failed=1
    else
        echo "ok: $*"
    fi
}

# every_kernel_ran IS_CPU: those that the sources have for this kind are among those that ran.
every_kernel_ran() {
    for name in $(cat "$kernel_folder"/*.cl | "$compiler" -E -P -x c -DPP_CPU="$1" -DPP_FP64=1 - |
        grep -o '__kernel void [a-z0-9_]*' | sed 's/.* //'); do
        if grep -qx "$name" "$work/ran"; then
            echo "ran: $name"
        else
            echo "not ok: $name did not run"
            failed=1
        fi
    done
}

for kernels in cpu gpu; do
    : >"$work/ran"
    on="--backend opencl --kernels $kernels"
    simulate=--data-races
    for method in trial mr sieve hybrid; do
        expect 33 count 10000 10300 --method $method $on
        expect "7 prime
8 composite
1 neither
10007 prime" test 7 8 1 10007 --method $method $on
    done
    # Base primes beyond the length of the job, in global memory.
    expect 4 count 20000000000 20000000200 --method sieve $on
    # Base primes that are larger than a tile, and more than a turn's memory.
    expect 10742 count 90000000000 90000270000 --method sieve $on
    # Several pieces and units, with what waits between them.
    expect 23 count 100000 100300 --method hybrid $on
    # Above 2^50, where vectors of doubles end.
    expect 2 count 18446744073709551530 18446744073709551560 --method mr $on
    expect 2 count 18446744073709551530 18446744073709551560 --method hybrid $on

    # Of optimised kernels it does not know everything. The self-test does ranges.
    simulate="--uninitialized --build-options -cl-opt-disable"
    preload=$keep_buffers
    expect "10007 prime" test 10007 --method trial $on
    expect "10007 prime
18446744073709551557 prime" test 10007 18446744073709551557 --method mr $on
    expect "10007 prime" test 10007 --method sieve $on
    expect 4 count 20000000000 20000000200 --method sieve $on
    preload=
    every_kernel_ran "$([ "$kernels" = cpu ] && echo 1 || echo 0)"
done
# A device with little local memory and small work-groups.
simulate="--data-races --local-mem-size 4096 --max-wgsize 16"
for method in trial mr sieve hybrid; do
    expect 33 count 10000 10300 --method $method --backend opencl --kernels gpu
done
# Several tiles in a unit, and base primes for global memory.
expect 5517 count 20000000000 20000130000 --method sieve --backend opencl --kernels gpu
exit $failed
