#!/usr/bin/env bash
# From a fresh clone to the main job: installs what is missing, builds, and compares the book's
# range on every backend. Arguments go to `parprime compare`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/deps.sh
cmake -S . -B build -G Ninja -DPARPRIME_TESTS=OFF >build.log 2>&1 &&
    cmake --build build >>build.log 2>&1 || { cat build.log >&2; exit 6; }
exec build/parprime compare "$@"
