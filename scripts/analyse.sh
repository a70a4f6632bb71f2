#!/usr/bin/env bash
# What looks at the code besides running its tests.
#
#   scripts/analyse.sh lint      clang-tidy (.clang-tidy says what is on), cppcheck and shellcheck; the
#                                kernels compiled for GPUs of several makers, with warnings
#   scripts/analyse.sh valgrind  memcheck over tests of every floor and over the program
#   scripts/analyse.sh tsan      ThreadSanitizer over what threads do together
#   scripts/analyse.sh aarch64   the portable code cross-built, its tests under qemu-user
#   scripts/analyse.sh coverage  branches that tests take, by gcovr: all that can be reached in the parser,
#                                where answers are put together, and in ledgers; with
#                                PARPRIME_TEST_ALL=1, in 8 minutes, 90% of everything
#   scripts/analyse.sh mutants   deliberate faults, each of which a test must notice
#
# A tool that is not installed is said and left out (scripts/deps.sh --tests installs all).
set -uo pipefail
cd "$(dirname "$0")/.." || exit

jobs=$(nproc)
failed=()

# have COMMAND...: are they there?
have() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || {
            echo "left out: there is no $tool"
            return 1
        }
    done
}

# The build folder of a preset, quietly unless it fails. Behind it the targets.
build() {
    local preset=$1 log
    shift
    log=$(mktemp)
    { cmake --preset "$preset" -G Ninja && cmake --build --preset "$preset" --parallel "$jobs" \
        --target "$@"; } >"$log" 2>&1 || {
        cat "$log"
        rm "$log"
        return 1
    }
    rm "$log"
}

# The kernels, for GPUs that are not here.
lint_kernels() {
    local status=0 target fp64 kernels=build-clang/generated/kernels.cl
    have clang || return 0
    for target in nvptx64-nvidia-nvcl amdgcn-amd-amdhsa spir64-unknown-unknown; do
        for fp64 in 0 1; do
            clang -x cl -cl-std=CL1.2 -target "$target" -nogpulib -Xclang -finclude-default-header \
                -DPP_CPU=0 -DPP_FP64="$fp64" -O1 -emit-llvm -c -o /dev/null "$kernels" -Werror -Wall \
                -Wextra -Wconversion -Wshadow -Wno-unused-function -Wno-unused-parameter || {
                echo "the kernels for $target, fp64 $fp64"
                status=1
            }
        done
    done
    return $status
}

run_lint() {
    have clang-tidy cppcheck shellcheck || return 0
    # For the list of what is compiled how, and for what is generated; by clang, since clang-tidy does
    # not know all options of gcc.
    build clang parprime_objects parprime_program psp2 || return 1
    local status=0 sources
    # The list has all targets of ours; tests come in for cppcheck alone, which is quick.
    sources=$(sed -n 's/^ *"file": "\(.*\)",\{0,1\}$/\1/p' build-clang/compile_commands.json | sort -u |
        grep "^$PWD/src/")
    [ -n "$sources" ] || {
        echo "build-clang/compile_commands.json has no sources"
        return 1
    }
    # Its exit code is that of xargs: 123 if one ended with another than 0. What it counts on standard
    # error is of no use unless it could not run at all.
    xargs -P "$jobs" -n 1 clang-tidy -p build-clang --quiet <<<"$sources" 2>"$log" || {
        grep -v 'warnings\? \(generated\|treated\)' "$log"
        status=1
    }
    # Without sieve30.h, whose loops for each class of primes take cppcheck half a minute in every file
    # that sees them; clang-tidy reads it. Tests are one thread and may read folders in the simple way;
    # what they leave unset is found by memcheck.
    cppcheck --project=build-clang/compile_commands.json --file-filter="src/*" --file-filter="tests/*" \
        --std=c11 -j "$jobs" --enable=warning,performance,portability --inline-suppr \
        --library=posix,gnu,sqlite3,"$PWD/scripts/cppcheck.cfg" -DPARPRIME_SIEVE30_H \
        --suppress=readdirCalled:tests/* --suppress=strtokCalled:tests/* --suppress=uninitvar:tests/* \
        --error-exitcode=1 --quiet || status=1
    find .ci scripts bench tests -type f \( -name '*.sh' -o -name '*.bash' -o -path .ci/run \) -print0 |
        xargs -0 shellcheck --severity=warning || status=1
    lint_kernels || status=1
    return $status
}

# Valgrind knows no AVX-512, and is told of none by the processor that it imitates.
run_valgrind() {
    have valgrind || return 0
    build release all || return 1
    local status=0 test
    # Without drivers of OpenCL: neither they nor how the C library loads them are ours to check.
    local memcheck=(env OCL_ICD_VENDORS=/nonesuch valgrind --quiet --error-exitcode=99 --leak-check=full
                    --errors-for-leak-kinds=definite --show-leak-kinds=definite)
    for test in base_status base_buffer base_integer base_parse math_wheel math_decode work_digest \
        work_partial work_job engine_plan control_iteration cli_render; do
        echo "memcheck: unit_$test"
        "${memcheck[@]}" "build/tests/unit_$test" >"$log" 2>&1 || { cat "$log"; status=1; }
    done
    for words in "count 1e6 --backend serial" "count 1e6 --backend openmp" \
        "list 1e13 1e13+500 --method mr --backend openmp" "test 7 2^64-59 2^70 --backend serial" \
        "count 1e13 1e13+1000 --method hybrid --simd avx2" "iterate --steps 15 --exact"; do
        echo "memcheck: parprime $words"
        # shellcheck disable=SC2086
        "${memcheck[@]}" build/parprime $words >"$log" 2>&1 || { cat "$log"; status=1; }
    done
    return $status
}

run_tsan() {
    have clang || return 0
    local archer
    archer=$(ls /usr/lib/llvm-*/lib/libarcher.so 2>/dev/null | tail -1)
    [ -n "$archer" ] || {
        echo "left out: there is no libarcher, without which OpenMP's barriers are unknown"
        return 0
    }
    local tests='unit_engine_(session|jobs|ordered)|unit_backend_window'
    build tsan unit_engine_session unit_engine_jobs unit_engine_ordered unit_backend_window ||
        return 1
    # OpenMP's runtime is not instrumented; Archer tells what it orders.
    OMP_TOOL_LIBRARIES=$archer TSAN_OPTIONS="ignore_noninstrumented_modules=1 halt_on_error=1" \
        ctest --test-dir build-tsan -R "^($tests)\$" --output-on-failure
}

run_aarch64() {
    have aarch64-linux-gnu-gcc qemu-aarch64 || return 0
    # Under emulation what counts is that answers are the same. Forks, signals and the corpora of the
    # program are the same code as elsewhere.
    local tests=() test
    for test in base_buffer base_cpu base_integer base_parse base_status math_trial math_arith64 \
        math_primality math_batch math_lucas math_psp_filter math_wheel math_decode math_sieve \
        math_segment work_digest work_partial work_job backend_registry backend_run \
        backend_window engine_plan engine_session engine_jobs engine_ordered engine_iterator \
        control_iteration cli_render cli_windows; do
        tests+=("unit_$test")
    done
    tests+=(fuzz_parse fuzz_expression fuzz_reader)
    build aarch64 parprime_program "${tests[@]}" || return 1
    local any
    any=$(IFS='|' && echo "${tests[*]}")
    ctest --test-dir build-aarch64 -R "^($any)\$" --timeout 900 -j "$jobs" --output-on-failure
}

# Branches. Every test counts, injected faults too, but for those that only show, time or install, and
# conformance and differential ones, which take long and go the ways that unit tests go. Even so all
# take 8 minutes instrumented; without PARPRIME_TEST_ALL=1 it is a share, enough for the files of
# which every branch must be taken.
run_coverage() {
    have gcovr || return 0
    build coverage all || return 1
    find build-coverage -name '*.gcda' -delete
    local which=(-R '^(unit_.*|fuzz_.*|fault_(ledger.*|allocations|partials))$' -E '^fault_ledger_kills$')
    local share=(--share)
    if [ -n "${PARPRIME_TEST_ALL:-}" ]; then
        # parprime_developer, of other objects, is not counted.
        which=(-L '^(unit|fuzz|fault|cli)$' -E '^cli_developer$')
        share=()
    fi
    # Their quick shares: the slow sweeps take years so, and no other branches.
    env -u PARPRIME_TEST_ALL PARPRIME_TEST_SLOW=10 ctest --test-dir build-coverage "${which[@]}" \
        --parallel 2 --output-on-failure >"$log" 2>&1 || {
        cat "$log"
        return 1
    }
    # What is compiled twice, with other options, cannot be put together.
    gcovr -r . --object-directory build-coverage -f src/ --exclude-throw-branches \
        --exclude-unreachable-branches \
        --exclude-directories '.*/(parprime_developer|differential_[a-z]*|bench[^/]*)\.dir' \
        --json build-coverage/branches.json 2>"$log" || {
        cat "$log"
        return 1
    }
    python3 tests/coverage/report.py "${share[@]}" build-coverage/branches.json
}

run_mutants() {
    tests/mutants/run.py
}

[ $# -gt 0 ] || set -- lint valgrind tsan aarch64 coverage mutants
log=$(mktemp)
trap 'rm -f "$log"' EXIT
for what in "$@"; do
    case $what in
    lint | valgrind | tsan | aarch64 | coverage | mutants) ;;
    *)
        echo "usage: scripts/analyse.sh [lint|valgrind|tsan|aarch64|coverage|mutants]..." >&2
        exit 2
        ;;
    esac
    echo "=== $what"
    begin=$SECONDS
    "run_$what" || failed+=("$what")
    echo "$what took $((SECONDS - begin)) s"
done
[ ${#failed[@]} -eq 0 ] || {
    echo "failed: ${failed[*]}"
    exit 1
}
