#!/bin/sh
# include_floors.sh must notice each kind of step up, and must let a good tree pass.
set -eu
check=$(dirname "$0")/include_floors.sh
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT

# A tree in which all is as it should be.
plant_good_tree() {
  rm -rf "${tree:?}"/*
  for room in base math control work backend/opencl engine cli measure; do
    mkdir -p "$tree/src/$room"
  done
  mkdir -p "$tree/kernels"
  echo '#include <stdint.h>' >"$tree/kernels/arith64.h"
  for room in base math control work backend engine cli measure; do
    echo '#include <stdint.h>' >"$tree/src/$room/a.h"
    printf '#include "%s/a.h"\n\n#include <parprime.h>\n' "$room" >"$tree/src/$room/a.c"
  done
  echo '#include "config.h"' >>"$tree/src/base/a.c"
  echo '#include "arith64.h"' >>"$tree/src/math/a.c"
  echo '#include "base/a.h"' >>"$tree/src/control/a.c"
  echo '#include "math/a.h"' >>"$tree/src/work/a.h"
  echo '#include "backend/a.h"' >"$tree/src/backend/opencl/b.c"
  echo '# include "work/a.h"' >>"$tree/src/engine/a.c"
  echo '#include "a.h"' >>"$tree/src/engine/a.c"
  echo '#include "measure/a.h"' >>"$tree/src/cli/a.c"
}

failures=0
good() {
  if ! sh "$check" "$tree" >"$tree/out"; then
    echo "refused, though all is well: $1"; cat "$tree/out"; failures=1
  fi
}
# bad FILE LINE: with that line in that file the check must fail and name the file.
bad() {
  plant_good_tree
  echo "$2" >>"$tree/src/../$1"
  if sh "$check" "$tree" >"$tree/out"; then
    echo "not noticed: $1 with $2"; failures=1
  elif ! grep -q "^$1:" "$tree/out"; then
    echo "the message does not say $1:"; cat "$tree/out"; failures=1
  fi
}

plant_good_tree
good "the good tree"

bad src/base/a.c '#include "math/a.h"'
bad src/base/a.c '#include "arith64.h"'
bad src/math/a.c '#include "work/a.h"'
bad src/math/a.c '#include <engine/a.h>'
bad src/math/a.c '#include "control/a.h"'
bad src/control/a.c '#include "math/a.h"'
bad src/control/a.c '#include "engine/a.h"'
bad src/work/a.h '  #  include "backend/a.h"'
bad src/backend/a.c '#include "engine/a.h"'
bad src/backend/opencl/b.c '#include "engine/a.h"'
bad src/backend/a.c '#include "../engine/a.h"'
bad src/engine/a.c '#include "cli/a.h"'
bad src/cli/a.c '#include "base/a.h"'
bad src/cli/a.c '#include "config.h"'
bad src/measure/a.c '#include "engine/a.h"'
bad src/measure/a.c '#include "cli/a.h"'
bad src/measure/a.c '#include "arith64.h"'
bad src/work/a.c '#include "nowhere/a.h"'
bad src/work/a.c '#include HEADER'
bad kernels/arith64.h '#include "math/a.h"'
bad kernels/arith64.h '#include <parprime.h>'

exit $failures
