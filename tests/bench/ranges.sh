#!/bin/sh
# bench/ranges.py: small ranges pass with all answers equal, and whoever lies about any of them, a
# program or a library, in its first run or a later one, ends it with exit code 3 and no ratio.
# bench/map: a small grid, its CSV, and that it refuses nonsense.
#
# usage: ranges.sh RANGES PROGRAM RUNNER PEER_LIBRARY MAP
set -eu
ranges=$1
program=$2
runner=$3
peer=$4
map=$5
command -v python3 >/dev/null || exit 77
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$1"
  cat "$work/out" "$work/err"
  exit 1
}
expect() { # expect CODE OPTION...
  code=$1
  shift
  status=0
  python3 "$ranges" --program "$program" --runner "$runner" --given-only --runs 1 --folder "$work/lists" \
    "$@" >"$work/out" 2>"$work/err" || status=$?
  [ "$status" -eq "$code" ] || fail "ranges.py $*: exit code $status, not $code"
}
says() { # says FILE TEXT
  grep -qF -- "$2" "$work/$1" || fail "std$1 should say: $2"
}
says_not() {
  ! grep -qF -- "$2" "$work/$1" || fail "std$1 should not say: $2"
}
mkdir "$work/lists"

# Programs with primesieve's options. What they say first and what they list can be replaced.
primesieve() { # primesieve NAME COUNTING LISTING
  mkdir -p "$work/$1"
  cat >"$work/$1/primesieve" <<END
#!/bin/sh
case \$1 in --version) echo "primesieve 0.9, <no address>"; exit ;; esac
[ "\$#" -ge 2 ] || exit 2
case "\$*" in
*-p*) $3 ;;
10\ -q) echo 4 ;;
*) $2 ;;
esac
END
  chmod +x "$work/$1/primesieve"
}
# shellcheck disable=SC2016 # the script's own $1 and $2
honest='exec "'$program'" count "$1" "$2" -q'
# shellcheck disable=SC2016
listing='exec "'$program'" list "$1" "$2" -q'
primesieve honest "$honest" "$listing"
primesieve liar 'echo 17' "$listing"
primesieve silent 'exit 0' "$listing"
# Right in the first two runs, of one thread and of two, to warm up.
# shellcheck disable=SC2016,SC2086
primesieve later 'echo >>"'$work'/calls"; if [ $(wc -l <"'$work'/calls") -gt 2 ]; then echo 17; else '"$honest"'; fi' "$listing"
# shellcheck disable=SC2016,SC2086
primesieve lister "$honest" 'exec "'$program'" list "$1" "$2" -q | sed s/7/1/'
# shellcheck disable=SC2016,SC2086
primesieve ender "$honest" 'exec "'$program'" list "$1" "$2" -q | sed "\$d"'
cp "$peer" "$work/honest/libprimesieve.so"

# Every row of the tables, a million times as short.
expect 0 --primesieve "$work/honest" --scale 1000000 --sections programs,start,lists \
  --json "$work/json" --output "$work/md"
for row in "[0,1e9]: count, 0 to 1000, 168 primes by all" "[0,1e10]: count, 0 to 10000, 1229 " \
  "1e12+1e9: count, " "1e13+1e9: count, " "1e16+1e9: " "1e18+1e9: " \
  "2^64-1e9: count, 18446744073709550615 to 18446744073709551615, 21 primes" "1e13+500: " \
  "1e16+500: " "1e18+1e4: " "1e19+1e6: " "1e19+1e7: " "start: count, 0 to 10, 4 primes by all" \
  "[0,1e9]: list, pipe, " "[0,1e9]: list, file, 0 to 1000, 643 bytes by all" \
  "1e18+1e8: list, null, "; do
  says out "$row"
  grep -qF "    $row" "$work/md" || fail "the Markdown lacks $row"
done
says out "base"
says out "not judged"
says_not out "  met"
says out "Goals"
for goal in "[0,1e9], 1 thread: speed over primesieve 0.9" "1e19+1e7, 1 thread: " \
  "parprime count 10, milliseconds" "[0,1e9], 1 thread, pipe: time over primesieve 0.9's" \
  "[0,1e9], 1 thread, pipe: MiB"; do
  says out "$goal"
done
python3 - "$work/json" <<'END' || fail "the document"
import json, sys
document = json.load(open(sys.argv[1]))
assert document["options"]["scale"] == 1000000 and document["environment"]["cpu"]
programs = [r for r in document["results"] if r["section"] == "programs"]
assert len(programs) == 12 and programs[0]["count"] == "168"
for result in document["results"]:
    names = [m["name"] for m in result["measured"]]
    assert "parprime" in names and "primesieve-0.9" in names, result
    assert all(m["seconds"] and min(m["seconds"]) > 0 for m in result["measured"])
    assert sum(m["base"] for m in result["measured"]) in (1, 2)
END
[ -z "$(ls "$work/lists")" ] || fail "files are left behind"

few="--sections programs --rows [0,1000] --threads 2"
# shellcheck disable=SC2086 # several words
{
  expect 0 $few --primesieve "$work/honest" --runs 6
  says out "95%"
  for name in liar silent later; do
    expect 3 $few --primesieve "$work/$name"
    says err "the answers differ on [0,1000] (0 to 1000), count: "
    says err " says 168"
    says_not out "base"
    says_not out "×"
  done
  says err "primesieve-0.9 with"
  # parprime is held to it too.
  # shellcheck disable=SC2016
  printf '#!/bin/sh\ncase $1 in count) echo 167 ;; *) exec "%s" "$@" ;; esac\n' "$program" \
    >"$work/wrong"
  chmod +x "$work/wrong"
  expect 3 $few --primesieve "$work/honest" --program "$work/wrong"
  says err "says 167"
  says_not out "×"

  for name in lister ender; do
    expect 3 --sections lists --list-rows '[0,1000]' --primesieve "$work/$name"
    says err "the answers differ on [0,1000], listed: "
    says_not out "base"
  done

  small="--sections libraries --rows [0,1000] 1e6+500 --primesieve $work/honest"
  expect 0 $small
  says out "libprimesieve 0.0.9"
  says out "[0,1000]: list, 0 to 1000, 168 primes by all"
  says out "1e6+500: count, 1000000 to 1000500, 39 primes by all"
  walked="--sections walks --walk-rows [0,1000] 1e6+500 --primesieve $work/honest"
  expect 0 $walked
  says out "[0,1000]: walk, 0 to 1000, 168 primes by all"
  says out "1e6+500: walk, 1000000 to 1000500, 39 primes by all"
  PEER_LIE=walk
  export PEER_LIE
  expect 3 $walked
  says err "the answers differ on [0,1000] (0 to 1000), walk: "
  says_not out "×"
  for lie in count list; do
    export PEER_LIE=$lie
    expect 3 $small
    says err "the answers differ on [0,1000] (0 to 1000), $lie: "
  done
  says_not out "[0,1000]: list"
  unset PEER_LIE

  expect 0 $few --methods pi,mr --simd none --threads 1
  says out "parprime, mr, simd none"
  expect 4 $few --primesieve "$work/nowhere"
  expect 2 $few --rows 1e9-1
  expect 2 $few --rows 2^63+2^63
  expect 2 --sections naps
  expect 2 $few --runs 0
}
runner="$work/no/runner"
expect 4 --sections start

# ---- the map --------------------------------------------------------------------------------

"$map" --offsets 1e3,1e9,2^64 --lengths 1000,1e6 --runs 1 --cap 1 --csv "$work/csv" \
  >"$work/out" 2>"$work/err" || fail "map: exit code $?"
says out "6 cells; auto is off by more than 25% in"
# What none could leave out: the first cell, and auto.
for start in "1000,1999,1,trial,trial," "1000,1999,1,mr,mr," "1000,1999,1,sieve,sieve," \
  "1000000000,1000999999,1,auto," "18446744073709550616,18446744073709551615,1,auto,"; do
  grep -qF -- "$start" "$work/csv" || fail "the CSV lacks $start"
done
# Primes in 1000 … 1999 and in 1000 … 1000999, by each that was measured.
[ "$(grep -c '^1000,1999,.*,135,$' "$work/csv")" -ge 3 ] || fail "primes in the CSV"
[ "$(grep -c '^1000,1000999,.*,78405,$' "$work/csv")" -ge 1 ] || fail "primes in the CSV"
status=0
"$map" --lengths 10,1 >"$work/out" 2>"$work/err" || status=$?
[ "$status" -eq 2 ] || fail "map: lengths that descend"
status=0
"$map" --methods guess >"$work/out" 2>"$work/err" || status=$?
[ "$status" -eq 2 ] || fail "map: a method that there is not"
