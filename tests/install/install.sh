#!/bin/sh
# Installs into a folder of its own, builds the project outside/ against that, once through
# CMake's find_package and once through pkg-config, and runs both.
#
# usage: install.sh BUILD_DIR CMAKE C_COMPILER; SANITIZE in the environment as in the build.
set -eu
build=$1
cmake=$2
compiler=$3
outside=$(cd "$(dirname "$0")" && pwd)/outside
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
prefix=$work/prefix
sanitize=${SANITIZE:+-fsanitize=$SANITIZE}

"$cmake" --install "$build" --prefix "$prefix" >"$work/log"

cat >"$work/expected" <<'END'
16 primes
10000000000037
10000000000051
10000000000099
10000000000129
10000000000183
10000000000259
10000000000267
10000000000273
10000000000279
10000000000283
10000000000313
10000000000343
10000000000391
10000000000411
10000000000433
10000000000453
END

"$cmake" -S "$outside" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$prefix" \
  -DCMAKE_C_COMPILER="$compiler" -DCMAKE_C_FLAGS="$sanitize" >"$work/log"
"$cmake" --build "$work/cmake" >"$work/log" || { cat "$work/log"; exit 1; }
"$work/cmake/outside" >"$work/got"
diff "$work/expected" "$work/got"

command -v pkg-config >/dev/null || { echo "no pkg-config"; exit 77; }
pc=$(find "$prefix" -name parprime.pc)
PKG_CONFIG_PATH=$(dirname "$pc")
export PKG_CONFIG_PATH
# The file names the prefix of the configuration, which is another one than this folder.
query() { pkg-config --define-variable=prefix="$prefix" "$@" parprime; }
[ "$(pkg-config --modversion parprime)" = "0.1.0" ]
# shellcheck disable=SC2046,SC2086 # flags are several words
"$compiler" $sanitize $(query --cflags) -o "$work/outside" "$outside/outside.c" \
  $(query --libs) "-Wl,-rpath,$(query --variable=libdir)"
"$work/outside" >"$work/got"
diff "$work/expected" "$work/got"
