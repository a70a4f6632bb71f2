#!/bin/sh
# exported_symbols.sh must notice a function that is missing, and one too many.
#
# usage: exported_symbols_can_fail.sh HEADER C_COMPILER
set -eu
check=$(dirname "$0")/exported_symbols.sh
header=$1
compiler=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# A library that exports every name of the list on standard input.
build() {
  sed -e 's/.*/void &(void); void &(void) {}/' >"$work/library.c"
  "$compiler" -shared -fPIC -o "$work/library.so" "$work/library.c"
}
expect() { # expect 0|1 WHAT
  status=0
  sh "$check" "$header" "$work/library.so" >"$work/out" || status=$?
  if [ "$status" -ne "$1" ]; then
    echo "$2: exit $status, not $1"; cat "$work/out"; exit 1
  fi
}

# What the header declares, found in another way: by the compiler, after the preprocessor.
"$compiler" -E "$header" | grep -v '^#' | sed -e 's/__attribute__((visibility("default")))//' |
  tr '\n' ' ' | tr ';}' '\n\n' | sed -n -e 's/^[^(){}]*[ *]\(pp_[a-z0-9_]*\)(.*/\1/p' | grep -v '_fn$' | sort -u >"$work/names"
build <"$work/names"
expect 0 "the right names"
sed 1d "$work/names" | build
expect 1 "one name missing"
{ cat "$work/names"; echo pp_unheard_of; } | build
expect 1 "one name too many"
{ cat "$work/names"; echo sieve_words; } | build
expect 1 "an internal name"
