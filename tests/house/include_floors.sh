#!/bin/sh
# The rules of the stairs: a file of the library includes its own floor and lower ones, never a
# higher one; the program sees only the public header, and measure/ nothing of cli/; kernels see
# nothing of src/.
#
# usage: include_floors.sh TREE
# Prints each step up as FILE:LINE: REASON and then exits 1.
set -eu
tree=$1
[ -d "$tree/src" ] || { echo "include_floors: no $tree/src" >&2; exit 2; }

{
  find "$tree/src" "$tree/kernels" -type f \( -name '*.c' -o -name '*.h' -o -name '*.cl' \) \
    -exec grep -Hn '^[[:space:]]*#[[:space:]]*include' {} + || true
} | awk -v tree="$tree" '
  BEGIN {
    split("base=0 math=1 control=1 work=2 backend=3 engine=4", pairs, " ")
    for (i in pairs) { split(pairs[i], pair, "="); floor[pair[1]] = pair[2] }
    program["cli"] = program["measure"] = 1
  }
  function exists(path,    line, found) {
    found = (getline line < path) >= 0
    close(path)
    return found
  }
  function wrong(why) { print place ": " why; bad = 1 }
  {
    lines++
    file = $0; sub(/:[0-9]+:.*/, "", file)
    place = $0; sub(/:[[:space:]]*#.*/, "", place); place = substr(place, length(tree) + 2)
    name = $0; sub(/.*#[[:space:]]*include[[:space:]]*/, "", name)
    quoted = substr(name, 1, 1) == "\""
    if (!quoted && substr(name, 1, 1) != "<") { wrong("an include that cannot be read: " name); next }
    name = substr(name, 2); sub(/[">].*/, "", name)

    relative = substr(file, length(tree) + 2)
    top = relative; sub(/\/.*/, "", top)
    room = relative; sub(/^[^\/]*\//, "", room); if (!sub(/\/.*/, "", room)) room = ""
    own = relative; sub(/[^\/]*$/, "", own)

    if (name ~ /(^|\/)\.\.?(\/|$)/) { wrong("a path with dots: " name); next }
    # What the name stands for: the compiler looks beside the file first, then in src/.
    target = ""
    if (quoted && exists(tree "/" own name)) target = own name
    else if (exists(tree "/src/" name)) target = "src/" name
    else if (exists(tree "/kernels/" name)) target = "kernels/" name
    else if (name == "config.h" || name == "commit.h") target = "generated"
    else if (name == "parprime.h") target = "public"
    else if (quoted) { wrong("nobody knows " name); next }

    if (target == "") next # a system header
    if (top == "kernels") {
      if (target !~ /^kernels\//) wrong("a kernel includes " name)
      next
    }
    if (target == "public") next
    to = target; sub(/^src\//, "", to); if (!sub(/\/.*/, "", to)) to = ""
    if (room in program) {
      if (!(to in program)) wrong("the program includes " name ", but may see only parprime.h")
      else if (room == "measure" && to == "cli") wrong("measure includes " name)
    } else if (!(room in floor)) {
      wrong("no such floor: " (room == "" ? relative : room))
    } else if (target == "generated") {
      ;
    } else if (target ~ /^kernels\//) {
      if (floor[room] < floor["math"]) wrong(room " includes " name)
    } else if (to in program) {
      wrong("the library includes the program: " name)
    } else if (!(to in floor)) {
      wrong("no such floor: " name)
    } else if (to != room && floor[to] >= floor[room]) {
      wrong("a step up, from " room " to " name)
    }
  }
  END {
    if (lines < 3) { print "include_floors: hardly any includes found"; exit 2 }
    exit bad
  }'
