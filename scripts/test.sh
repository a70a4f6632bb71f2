#!/usr/bin/env bash
# From a fresh clone to tested: installs what is missing, builds with gcc, with clang, without
# OpenMP and under sanitizers, with warnings as errors, and runs all tests in each build.
#
#   scripts/test.sh          what CI runs, under half an hour on two cores
#   scripts/test.sh --all    the slow sweeps and the deliberate faults too
#   scripts/test.sh --quick  the release build only
set -euo pipefail
cd "$(dirname "$0")/.."

presets=(release clang no-openmp asan-ubsan)
analyses=(lint valgrind tsan aarch64)
case "${1:-}" in
--all)
    export PARPRIME_TEST_ALL=1
    analyses+=(coverage mutants)
    ;;
--quick)
    presets=(release)
    analyses=()
    ;;
"") ;;
*)
    echo "usage: scripts/test.sh [--all|--quick]" >&2
    exit 2
    ;;
esac

scripts/deps.sh --tests
jobs=$(nproc)
for preset in "${presets[@]}"; do
    echo "=== $preset"
    # What fails by our own doing, and what is shown or timed, is not another compiler's affair.
    leave_out=()
    if [ -z "${PARPRIME_TEST_ALL:-}" ]; then
        case $preset in
        clang) leave_out=(-LE 'fault|browser|bench' -E 'cli_(report|progress|compare|scale|ledger)') ;;
        no-openmp) leave_out=(-LE 'fault|browser|bench' -E 'cli_(report|progress)') ;;
        esac
    fi
    cmake --preset "$preset" -G Ninja
    cmake --build --preset "$preset" --parallel "$jobs" --target all bench
    # Two at a time: some use all cores, and more of them wait.
    ctest --preset "$preset" --parallel 2 "${leave_out[@]}"
done
[ ${#analyses[@]} -eq 0 ] || scripts/analyse.sh "${analyses[@]}"
echo "=== the main job"
build/parprime compare
