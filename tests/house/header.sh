#!/bin/sh
# The public header compiles on its own as old C, as new C and as C++, without a warning, and
# programs of these can call the library, with its inline function inlined or not.
#
# usage: header.sh INCLUDE_DIR LIBRARY C_COMPILER; SANITIZE in the environment as in the build.
set -eu
include=$1
library=$2
compiler=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/use.c" <<'END'
#include <parprime.h>
int main(void) {
    pp_session_options options = PP_SESSION_OPTIONS_INIT;
    pp_result result;
    pp_session *session;
    pp_iterator *iterator;
    uint64_t prime, sum = 0;
    int wrong;
    if (pp_session_open(&options, &session, 0) != PP_OK)
        return 1;
    wrong = pp_count(session, 0, 100, &result) != PP_OK || result.count != 25;
    wrong |= pp_iterator_open(session, 0, 100, &iterator) != PP_OK;
    while (!wrong && pp_iterator_next(iterator, &prime) == PP_OK)
        sum += prime;
    pp_iterator_close(iterator);
    wrong |= sum != 1060;
    pp_session_close(session);
    return wrong || !pp_is_prime(97);
}
END
printf '#include <parprime.h>\nint unused(void);\nint unused(void) { return 0; }\n' >"$work/other.c"
warnings="-Wall -Wextra -pedantic -Werror"
sanitize=${SANITIZE:+-fsanitize=$SANITIZE}
for standard in c99 c11 c17; do
  # shellcheck disable=SC2086 # the warnings are several words
  "$compiler" -std=$standard $warnings -Wstrict-prototypes -Wmissing-prototypes \
    -I"$include" -fsyntax-only "$work/use.c"
done
# In gnu89 `inline` means something else, so the header has none there.
for standard in gnu89 c99 c17; do
  for optimisation in -O0 -O2; do
    # Two files with the header in one program, and no word at all without a sanitizer.
    # shellcheck disable=SC2086
    "$compiler" -std=$standard $optimisation $sanitize -I"$include" -o "$work/use" "$work/use.c" \
      "$work/other.c" "$library" "-Wl,-rpath,$(dirname "$library")"
    "$work/use"
  done
done

echo 'int main() { return 0; }' >"$work/empty.cpp"
if ! "$compiler" -x c++ -fsyntax-only "$work/empty.cpp" 2>/dev/null; then
  echo "no C++ compiler beside $compiler"
  exit 77
fi
cp "$work/use.c" "$work/use.cpp"
for standard in c++11 c++17; do
  # A C++ compiler may find {0} too short for a structure; C++ programs write {} instead.
  # shellcheck disable=SC2086
  "$compiler" -x c++ -std=$standard $warnings -Wno-missing-field-initializers \
    -I"$include" -fsyntax-only "$work/use.cpp"
done
# shellcheck disable=SC2086
"$compiler" -x c++ -std=c++11 $sanitize -I"$include" -c -o "$work/use.o" "$work/use.cpp"
# shellcheck disable=SC2086
"$compiler" $sanitize -o "$work/use" "$work/use.o" "$library" \
  "-Wl,-rpath,$(dirname "$library")"
"$work/use"
