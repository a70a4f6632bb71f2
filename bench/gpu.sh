#!/usr/bin/env bash
# One command for a machine with a GPU driver and perhaps nothing else: finds or sets up the OpenCL
# driver, builds, runs self-test, conformance and benches on the device, with all CPU cores and,
# where it is installed, primesieve beside it, and writes one result file with the environment.
#
# Usage: bench/gpu.sh [DEVICE]
#   DEVICE      an id or part of a name as in `parprime devices` (default: the first GPU, else what
#               there is)
#   PARPRIME    a program built elsewhere, for a machine without compilers or headers
#   CONFORMANCE a conformance test built elsewhere (default: the one that is built beside it)
#   BATCH, RUNNER  bench/batch and bench/range_runner built elsewhere (default: those built beside it)
#   PRIMESIEVE  another primesieve than the installed one: the program, or the folder with it
#   SCALE=short a quarter of an hour at most beside 16 cores: the long ranges once, and few repeats
#   SCALE=small sizes for trying the script out; results of it are not for quoting
#   RESULTS     where the file goes (default: bench/results)
set -uo pipefail
cd "$(dirname "$0")/.." || exit
device=${1:-}
results=${RESULTS:-bench/results}

say() { printf '%s\n' "$*" >&2; }

# ---- the driver -------------------------------------------------------------------------------

# The folder of a mounted NVIDIA driver, which may have no .icd file that names it.
driver_folder() {
    local folder
    for folder in $(ldconfig -p 2>/dev/null | sed -n 's|.* => \(.*\)/libnvidia-opencl.so.1$|\1|p') \
        /usr/local/nvidia/lib64 /usr/local/nvidia/lib /usr/lib/x86_64-linux-gnu /usr/lib64 \
        /usr/lib/aarch64-linux-gnu /usr/lib/wsl/lib; do
        if [ -e "$folder/libnvidia-opencl.so.1" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    return 1
}

set_up_driver() {
    local folder vendors part missing=()
    compgen -G "/etc/OpenCL/vendors/*nvidia*.icd" >/dev/null && return
    folder=$(driver_folder) || return
    for part in libcuda.so.1 libnvidia-ptxjitcompiler libnvidia-nvvm; do
        compgen -G "$folder/$part*" >/dev/null || missing+=("$part")
    done
    [ ${#missing[@]} -eq 0 ] || say "warning: beside libnvidia-opencl.so.1 there is no ${missing[*]}:" \
        "platforms may be listed, and every build fail with an empty log"
    vendors=$(mktemp -d)
    cp /etc/OpenCL/vendors/*.icd "$vendors"/ 2>/dev/null
    echo "$folder/libnvidia-opencl.so.1" >"$vendors/nvidia.icd"
    export OCL_ICD_VENDORS=$vendors LD_LIBRARY_PATH=$folder:${LD_LIBRARY_PATH:-}
    say "OpenCL driver: $folder"
}

# ---- the program ------------------------------------------------------------------------------

build() {
    [ -n "${PARPRIME:-}" ] && return
    say "building"
    if ! { cmake -S . -B build-gpu -DCMAKE_BUILD_TYPE=Release &&
        cmake --build build-gpu --parallel "$(nproc)"; } >build.log 2>&1; then
        tail -n 20 build.log >&2
        say "The build failed. It needs a C compiler, cmake, pkg-config, and the headers and libraries" \
            "of GMP, jansson and OpenCL (scripts/deps.sh installs them on Debian). Without a network," \
            "build elsewhere and set PARPRIME."
        exit 4
    fi
    PARPRIME=build-gpu/parprime
    # A bench that cannot be built costs its section, not the record.
    cmake --build build-gpu --parallel "$(nproc)" --target bench_batch bench_range_runner \
        >>build.log 2>&1 || say "warning: bench/batch or bench/range_runner was not built, see build.log"
    BATCH=${BATCH:-build-gpu/bench/batch}
    RUNNER=${RUNNER:-build-gpu/bench/range_runner}
    CONFORMANCE=${CONFORMANCE:-$(compgen -G 'build-gpu/tests/*conformance*table*' | head -n 1)}
}

# ---- the report -------------------------------------------------------------------------------

section() { printf '\n## %s\n\n' "$*"; }

# A command and what it prints, as a block of code.
show() {
    local code
    printf '    $ %s\n' "${*//$PARPRIME/parprime}"
    "$@" 2>&1 | sed 's/^/    /'
    code=${PIPESTATUS[0]}
    [ "$code" -eq 0 ] || printf '    (exit code %s)\n' "$code"
    printf '\n'
    [ "$code" -eq 3 ] && wrong=1
    return 0
}

# One job on all cores and on the device. sieve is the CPU's best method for it where it applies.
job() {
    local method=$1
    shift
    show "$PARPRIME" compare --backend openmp,opencl --method "$method" --threads "$cores" \
        --runs "$runs" "${chosen[@]}" -- "$@"
}

environment() {
    echo "Date: $(date -u +%Y-%m-%dT%H:%M:%SZ)"
    echo "Commit: $(git describe --always --dirty 2>/dev/null || echo unknown)"
    echo "System: $(uname -srm), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)," \
        "$cores cores allowed"
    if command -v nvidia-smi >/dev/null; then
        nvidia-smi --query-gpu=name,driver_version,memory.total,clocks.max.sm --format=csv,noheader
    fi
}

report() {
    echo "# GPU record"
    section Environment
    environment | sed 's/^/    /'
    section "Devices and self-test"
    show "$PARPRIME" --version
    show "$PARPRIME" devices
    show "$PARPRIME" selftest
    section Conformance
    if [ -n "${CONFORMANCE:-}" ] && [ -x "$CONFORMANCE" ]; then
        show "$CONFORMANCE"
    else
        echo "left out: no conformance test was built (it needs cmocka)"
    fi
    section "Benches: all CPU cores against the device, answers checked"
    job trial list 1e13 1e13+500
    job mr count "$far" "$far+$short"
    job sieve count "$long"
    job sieve count 1e12 "1e12+$window"
    job sieve count 2^60 "2^60+$window"
    job mr test --input "$numbers" --input-format u64
    section "Arrays of numbers: devices and cores against FLINT, PARI and GMP, answers checked"
    if [ -n "${BATCH:-}" ] && [ -x "$BATCH" ]; then
        show "$BATCH" --runs "$batch_runs" --scale "$batch_scale" --threads "$cores" \
            --contestants 'flint*,pari*,gmp*,one,serial,openmp-*,opencl-*'
    else
        echo "left out: bench/batch was not built"
    fi
    section "Ranges: the device, all cores, and primesieve on all cores, answers checked"
    ranges
}

# The base is primesieve where it is found (the one on PATH, or PRIMESIEVE's), else parprime on all
# cores.
ranges() {
    local on=backend=opencl${device:+,device=$device} place=()
    [ -n "${PRIMESIEVE:-}" ] && place=(--primesieve "$PRIMESIEVE")
    if [ -x "${RUNNER:-}" ] && command -v python3 >/dev/null; then
        show python3 bench/ranges.py --program "$PARPRIME" --runner "$RUNNER" "${place[@]}" \
            --sections "$sections" --count-only --rows "${rows[@]}" \
            --threads "$cores" --only-threads --runs "$range_runs" --cap 300 \
            --extra "$on" --extra "$on,method=sieve" --extra "$on,method=hybrid" "${extra[@]}"
    elif command -v primesieve >/dev/null; then
        echo "no python3, or bench/range_runner was not built: primesieve for itself"
        echo
        show primesieve --version
        show primesieve "$((long_number))" --time
        show primesieve 1e12 -d "$((window_number))" --time
        show primesieve 2^60 -d "$((window_number))" --time
    else
        echo "left out: no python3, or bench/range_runner was not built; no primesieve"
    fi
}

set_up_driver
build
cores=$("$PARPRIME" devices --format csv | sed -n 's/^openmp:0,openmp,"[^"]*",\([0-9]*\),.*/\1/p')
cores=${cores:-$(nproc)}
wrong=0
chosen=()
[ -n "$device" ] && chosen=(--device "$device")
runs=9 far=1e18 short=1e7 long=1e10 long_number=10000000000 window=1e9 window_number=1000000000
amount=20000000 batch_runs=5 batch_scale=1
range_runs=6 rows=('[0,1e10]' '[0,1e12]' 1e12+1e9 1e16+1e10 2^60+2^36)
sections=programs,libraries extra=(--extra "backend=openmp,method=sieve")
case ${SCALE:-} in
short)
    runs=3 batch_runs=2 batch_scale=10 range_runs=1 sections=programs extra=()
    ;;
small)
    runs=6 far=1e15 short=1e5 long=1e8 long_number=100000000 window=1e7 window_number=10000000
    amount=100000 batch_runs=2 batch_scale=200
    range_runs=2 rows=('[0,1e8]' 1e12+1e7 2^60+2^22)
    ;;
esac
numbers=$(mktemp)
head -c $((amount * 8)) /dev/urandom >"$numbers"

mkdir -p "$results"
name=$("$PARPRIME" devices --format csv | sed -n '/,opencl,/s/^[^,]*,opencl,"\([^"]*\)".*/\1/p' |
    head -n 1 | tr -cs 'A-Za-z0-9' '-' | sed 's/-*$//')
file=$results/gpu-${name:-none}-$(date -u +%Y-%m-%d)${SCALE:+-$SCALE}.md
report >"$file"
rm -f "$numbers"
say "written: $file"
if grep -q 'DISAGREE\|WRONG\|FAILED' "$file"; then
    say "some answers are wrong: see the file"
    exit 3
fi
exit $((wrong ? 3 : 0))
