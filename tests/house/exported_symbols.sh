#!/bin/sh
# The shared library exports the functions that the public header declares PP_API, all of them
# and nothing else.
#
# usage: exported_symbols.sh HEADER LIBRARY
set -eu
header=$1
library=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The last name before the first parenthesis of every PP_API declaration.
grep -v '^#' "$header" | tr '\n' ' ' | grep -o 'PP_API [^;(]*(' |
  sed -e 's/ *($//' -e 's/.*[ *]//' | sort -u >"$work/declared"
# Other people's symbols (of a sanitizer or of gcov) are not ours to hide.
nm -D --defined-only "$library" | awk '{ print $NF }' |
  grep -v -e '^__asan' -e '^__ubsan' -e '^__odr_asan' -e '^__gcov' -e '^mangle_path$' -e '^__llvm' |
  sort -u >"$work/exported"

[ "$(wc -l <"$work/declared")" -ge 30 ] || { echo "hardly any PP_API found in $header"; exit 2; }
status=0
comm -23 "$work/declared" "$work/exported" | sed 's/^/declared, but not exported: /' >"$work/missing"
comm -13 "$work/declared" "$work/exported" | sed 's/^/exported, but not declared: /' >"$work/extra"
grep -v '^pp_' "$work/declared" | sed 's/^/declared without the prefix pp_: /' >"$work/odd" || true
for list in missing extra odd; do
  if [ -s "$work/$list" ]; then
    cat "$work/$list"
    status=1
  fi
done
exit $status
