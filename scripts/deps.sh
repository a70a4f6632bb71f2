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

wanted=("${build[@]}")
[ "${1:-}" = "--tests" ] && wanted+=("${tests[@]}")

missing=()
for package in "${wanted[@]}"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
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
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
