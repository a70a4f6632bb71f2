#!/bin/sh
# psp2, which makes the table behind base 2: what it finds is what testing every odd number finds,
# number for number and with every least factor, and as many as are published (OEIS A055550: 245
# below 10^6, 750 below 10^7; A055552: 46 and 162 strong ones). What it cannot do it says.
# Usage: psp2.sh PSP2
set -u
psp2=$1
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
failed=0

bad() {
    echo "not ok: $*"
    failed=1
}

# finds NUMBERS STRONG WORD...
finds() {
    numbers=$1 strong=$2
    shift 2
    out=$("$psp2" "$@") || bad "$*: exit code $?"
    case $out in
    *": $numbers pseudoprimes to base 2, "*" $strong strong") echo "ok: $*: $out" ;;
    *) bad "$*: $out, not $numbers and $strong" ;;
    esac
}

finds 245 46 --below 1e6 --least 3
finds 245 46 --below 1e6 --least 3 --threads 1
finds 750 162 --below 1e7 --least 3 --threads 3
for least in 3 5 7 17 31 103; do
    "$psp2" --below 1e6 --least $least --list "$folder/list" >"$folder/found" || bad "--least $least"
    "$psp2" --below 1e6 --least $least --list "$folder/brute" --brute >"$folder/all" ||
        bad "--brute --least $least"
    cmp "$folder/list" "$folder/brute" || bad "other numbers with --least $least"
    cmp "$folder/found" "$folder/all" || bad "other sums with --least $least"
done

# fails CODE TEXT WORD...
fails() {
    want=$1 text=$2
    shift 2
    out=$("$psp2" "$@" 2>&1)
    code=$?
    [ $code -eq "$want" ] || bad "$*: exit code $code, not $want"
    case $out in
    *"$text"*) ;;
    *) bad "$*: $out, not $text" ;;
    esac
}

for word in --more --below --least --filter --list --threads; do
    fails 2 "usage: psp2 " $word
done
for words in "--below 999999" "--below 281474976710657" "--least 2" "--least 104" "--threads 0" \
    "--threads 257"; do
    # shellcheck disable=SC2086
    fails 2 "N is 10^6 to 2^48, Q is 3 to 103" $words
done
fails 5 "No such file" --below 1e6 --list "$folder/none/list"
fails 5 "No space left" --below 1e6 --least 3 --list /dev/full
for bounds in "--below 1e6" "--below 1e6 --least 3"; do
    # shellcheck disable=SC2086
    fails 5 "the filter is for other bounds" $bounds --filter "$folder/filter"
    [ ! -e "$folder/filter" ] || bad "a filter with $bounds"
done
exit $failed
