# Numbers as words: every form, and for each mistake the place.
load helper

# worth TEXT VALUE: one number in every place where numbers are read.
worth() {
    pp 0 test -q "$1"
    [ "${output% *}" = "$2" ] || fail "'$1' is not $2"
    if [[ $1 != *[[:space:]]* ]]; then
        run --separate-stderr "$PARPRIME" test -q <<<"$1"
        [ "${output% *}" = "$2" ] || fail "'$1' on standard input is not $2"
    fi
}

@test "all forms" {
    worth 0 0
    worth 007 7
    worth 1_000_000 1000000
    worth 0xff 255
    worth 0XfF 255
    worth 0xdead_beef 3735928559
    worth 1e13 10000000000000
    worth 1E3 1000
    worth 1e+3 1000
    worth 2^40 1099511627776
    worth 10**13 10000000000000
    worth 2^3^2 512
    worth 2^64-1 18446744073709551615
    worth 2^64-2^64+7 7
    worth 1+2*3 7
    worth '(1+2)*3' 9
    worth 17/5 3
    worth 17%5 2
    worth 1e13+500 10000000000500
    worth '1e3 + 9' 1009
    worth ' 7 ' 7
    worth "$(printf '7\t')" 7
}

@test "values in between may be negative or huge, the result is what counts" {
    worth '10^1000/10^999' 10
    worth '2^1000%1000' 376
    worth '5-10+6' 1
    refuses 2 "negative: -5 is below 0" count 5-10
}

# A mistake is told in three lines, the last with a caret under it. caret COLUMN TEXT WORD
caret() {
    refuses 2 "$2" test "$3"
    [ "${stderr_lines[1]}" = "  $3" ] || fail "the word is not shown"
    [ "${stderr_lines[2]}" = "$(printf '  %*s^' "$1" '')" ] || fail "no caret in column $1"
}

@test "mistakes have a caret under the place" {
    caret 0 "expected a number, not '+'" +5
    caret 2 "expected hexadecimal digits after '0x'" 0x
    caret 2 "the exponent must not be negative" 1e-3
    caret 2 "expected digits after 'e'" 1e
    caret 1 "unexpected character 'x'" 9x
    caret 2 "unexpected character '.'" 12.5
    caret 1 "unexpected character ','" 1,000
    caret 0 "unexpected character 's'" seven
    caret 2 "expected a number" 1+
    caret 2 "expected a number, not '*'" '1+*2'
    caret 2 "division by zero" 7/0
    caret 2 "division by zero" '7%(3-3)'
    caret 2 "')' is missing" '(7'
    caret 1 "')' without '('" '7)'
    caret 1 "'_' must stand between two digits" 1_
    caret 1 "'_' must stand between two digits" 1__0
    caret 2 "expected an operator" '7 8'
    caret 1 "too large" 2^2^30
    caret 0 "too large" 1e99999999
    caret 2 "the exponent must not be negative" '2^-1'
    caret 0 "empty" ''
}

@test "a place far along a long word is shown with its surroundings" {
    word=$(printf '1+%.0s' {1..100})x$(printf '+1%.0s' {1..100})
    refuses 2 "unexpected character 'x'" test "$word"
    place=${stderr_lines[2]%^}
    [ "${stderr_lines[1]:${#place}:1}" = x ] || fail "the caret is not under x"
    [ ${#stderr_lines[1]} -lt 100 ] || fail "the whole word is shown"
}

@test "bytes that could move the cursor are not echoed" {
    refuses 2 "unexpected character '\\x1b'" test $'7\e[2J'
    [[ $stderr != *$'\e'* ]] || fail "an escape got through"
    [ "${stderr_lines[1]}" = "  7?[2J" ] || fail "the word is shown otherwise"
    refuses 2 "unexpected character '\\x0a'" test $'7\n8'
    refuses 2 "unexpected character '\\xc3'" test é
}

@test "nesting has a limit, and it is said" {
    deep=$(printf '(%.0s' {1..100000})7
    refuses 2 "levels of nesting" test "$deep"
}

@test "negative numbers are no options" {
    refuses 2 "numbers begin at 0, '-1' is negative" test -1
    refuses 2 "numbers begin at 0, '-1' is negative" count -1 5
    refuses 2 "numbers begin at 0, '-5' is negative" count 10 --dist -5
    refuses 2 "numbers begin at 0, '-3' is negative" iterate --steps -3
    refuses 2 "negative" count -d-5 10
    refuses 2 "write (-3+5)" test -3+5
    pp 0 test -q -- -3+5
    answers "2 prime"
    pp 0 test -q "(-3+5)"
    answers "2 prime"
}

@test "range ends stop at 2^64-1" {
    refuses 2 "STOP: 18446744073709551616 is above 2^64-1" count 2^64
    refuses 2 "STOP: 18446744073709551616 is above 2^64-1" list 7 18446744073709551616
    refuses 2 "START: 18446744073709551616 is above 2^64-1" count 2^64 2^65
    refuses 2 "(1001 digits) is above 2^64-1" count 1e1000
    refuses 2 "above 2^64-1" list 0 1e1000
}

@test "ranges: one or two ends, or a distance" {
    pp 0 count 10 20 -q
    answers 4
    pp 0 count 20 -q
    answers 8
    pp 0 count 10 -d 10 -q
    answers 4
    pp 0 count 2^64-1 --dist 0 -q
    answers 0
    pp 0 count 7 7 -q
    answers 1
    pp 0 count 0 -q
    answers 0
    refuses 2 "the end of the range is missing" count
    refuses 2 "the end of the range is missing" list --dist 5
    refuses 2 "a range has two ends" count 1 2 3
    refuses 2 "either STOP or --dist" count 1 2 --dist 3
    refuses 2 "begins above its end: 5 > 3" count 5 3
    refuses 2 "begins above its end: 5 > 3" list 5 3
    refuses 2 "above 2^64-1" count 2^64-1 --dist 1
    refuses 2 "above 2^64-1" count 1e19 --dist 1e19
    refuses 2 "--dist: 18446744073709551616 is above 2^64-1" count 1 --dist 2^64
}
