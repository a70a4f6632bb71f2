# test on a stream: answers come as numbers come, errors have a place, memory has a bound.
load helper

@test "a line is answered before the next one is written" {
    mkfifo in
    exec 4<>in
    begin test -q <in
    echo 7 >&4
    wait_for "7 prime" out
    printf '8 2^64\n9' >&4
    wait_for "18446744073709551616 composite" out
    ! grep -q '^9' out || fail "an answer to a number that may go on"
    echo 7 >&4
    wait_for "97 prime" out
    exec 4>&-
    ended 5
    [ $status -eq 0 ] || fail "exit code $status"
    answers "7 prime" "8 composite" "18446744073709551616 composite" "97 prime"
}

@test "the same with 8-byte words, cut anywhere, from a FIFO by name" {
    mkfifo in
    begin test -q --input-format u64 --input in
    exec 4>in
    printf '\7\0\0\0\0\0\0\0\10\0\0' >&4
    wait_for "7 prime" out
    printf '\0\0\0\0\0' >&4
    wait_for "8 composite" out
    exec 4>&-
    ended 5
    [ $status -eq 0 ] || fail "exit code $status"
}

# A bad number is told by line and column, after the answers to all before it.
# bad_place TEXT PLACE MESSAGE ANSWER...
bad_place() {
    printf "$1" >numbers
    pp 2 test -q --input numbers
    says_just "parprime: numbers:$2: $3"
    shift 3
    [ $# -eq 0 ] || answers "$@"
    [ $# -ne 0 ] || no_answers
}

@test "errors name line and column" {
    bad_place 'x' 1:1 "unexpected character 'x'"
    bad_place '7\n8 9x 11\n' 2:4 "unexpected character 'x'" "7 prime" "8 composite"
    bad_place '7 \0 11\n' 1:3 "unexpected character '\\x00'" "7 prime"
    bad_place '7\0\n' 1:2 "unexpected character '\\x00'"
    bad_place '7\t8\r\n\t\t1e-3\n' 2:5 "the exponent must not be negative" "7 prime" "8 composite"
    bad_place '# 5\n#\n  +5\n' 3:3 "expected a number, not '+'"
    bad_place '7 -5' 1:3 "negative: -5 is below 0" "7 prime"
    bad_place '0x' 1:3 "expected hexadecimal digits after '0x'"
    bad_place '7 (1 + 2)' 1:5 "')' is missing" "7 prime"
    bad_place '2^\n' 1:3 "expected a number"
    bad_place '\xef\xbb\xbf7' 1:1 "unexpected character '\\xef'"
    bad_place '7 2^2^30' 1:4 "too large: numbers go up to 2^(2^25)" "7 prime"
}

@test "lines and columns hold over many buffers" {
    { seq 1 200000; printf '  7 8q\n'; } >numbers
    pp 2 test -q --count --input numbers
    no_answers
    says_just "parprime: numbers:200001:6: unexpected character 'q'"
    { yes 7 | head -300000 | tr '\n' ' '; printf x; } >numbers
    pp 2 test -q --only composite <numbers
    no_answers
    says_just "parprime: standard input:1:600001: unexpected character 'x'"
}

@test "a number of more than 16 MiB is refused where it begins" {
    { echo 7; printf '8 '; yes 1234567 | tr -d '\n' | head -c 17M; } >numbers
    pp 2 test -q --input numbers
    answers "7 prime" "8 composite"
    says_just "parprime: numbers:2:3: more than 16 MiB without white space is no number"
    yes 1234567 | tr -d '\n' | head -c 11000000 >numbers
    pp 2 test -q --input numbers
    says "numbers:1:1: too large"
}

@test "a number that comes in small pieces is read in time" {
    { head -c 1M /dev/zero | tr '\0' 0; echo 7; } >numbers
    pp 0 test -q < <(dd if=numbers bs=64 status=none)
    answers "7 prime"
}

@test "long comments and much white space need no memory" {
    ! is_sanitized || skip "memory cannot be limited under sanitizers"
    {
        printf '7 # '
        yes 'so many words' | tr -d '\n' | head -c 50M
        echo
        head -c 50M /dev/zero | tr '\0' ' '
        echo 8
    } | (
        ulimit -v 262144
        pp 0 test -q
        answers "7 prime" "8 composite"
    )
}

@test "twenty million numbers in bounded memory" {
    ! is_sanitized || skip "memory cannot be limited under sanitizers"
    seq 1 20000000 | (
        ulimit -v 524288
        pp 0 test --count
        answers 1270607
        says "1270607 of 20000000 prime in "
    )
}

@test "a line of 1 GiB is refused in bounded memory" {
    ! is_sanitized || skip "memory cannot be limited under sanitizers"
    yes 1234567 | tr -d '\n' | head -c 1G 2>/dev/null | (
        ulimit -v 262144
        pp 2 test --count
        no_answers
        says "standard input:1:1: more than 16 MiB without white space is no number"
    )
}

@test "many large numbers in bounded memory" {
    ! is_sanitized || skip "memory cannot be limited under sanitizers"
    yes 10^60000 | head -1000 | (
        ulimit -v 262144
        pp 0 test --only prime
        no_answers
        says "0 of 1000 prime"
    )
}
