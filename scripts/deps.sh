#!/usr/bin/env bash
# Installs what is missing on Debian 12 (or a derivative): what the build needs, and with --tests
# also what the tests need. Installs nothing that is there already; without root it uses sudo.
set -euo pipefail

build=(gcc libc6-dev make cmake ninja-build pkg-config git libgmp-dev libjansson-dev
       opencl-headers ocl-icd-opencl-dev pocl-opencl-icd libprimecount-dev
       libsqlite3-dev libxxhash-dev)
tests=(libcmocka-dev bats g++ clang libclang-rt-14-dev libomp-dev python3 python3-jsonschema procps util-linux bsdutils
       libprimesieve-dev libflint-dev libpari-dev libgsl-dev oclgrind clinfo xxhash)
# What reports are drawn with, and looked at.
tests+=(gnuplot-nox chromium)
# What scripts/analyse.sh runs; the libraries are for what is cross-built.
tests+=(clang-tidy cppcheck shellcheck valgrind gcovr gcc-aarch64-linux-gnu libc6-dev-arm64-cross
        qemu-user libgmp-dev:arm64 libjansson-dev:arm64 libcmocka-dev:arm64)

wanted=("${build[@]}")
[ "${1:-}" = "--tests" ] && wanted+=("${tests[@]}")

missing=()
native=$(dpkg --print-architecture 2>/dev/null || true)
for package in "${wanted[@]}"; do
    # Some are there for two architectures.
    case $package in
    *:*) architecture=${package#*:} ;;
    *) architecture=$native ;;
    esac
    dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "${package%%:*}" 2>/dev/null |
        grep -qx -e "$architecture installed" -e "all installed" || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
    echo "These packages are missing, and this is not Debian: ${missing[*]}" >&2
    echo "Install what your system calls them, then run this again." >&2
    exit 4
fi
as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo)
echo "Installing: ${missing[*]}" >&2
export DEBIAN_FRONTEND=noninteractive
case " ${missing[*]} " in
*:arm64*) "${as_root[@]}" dpkg --add-architecture arm64 ;;
esac
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
