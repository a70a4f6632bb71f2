# Input that is meant to break something, beyond what the other files have: the longest list there
# is, numbers as fast as they come, words that are no numbers for every option that takes one.
load helper

# peak PID: the most memory that the process has had, in KiB.
peak() {
    sed -n 's/^VmHWM:[^0-9]*\([0-9]*\) kB/\1/p' "/proc/$1/status"
}

@test "all primes below 2^64: the first come soon, memory has a bound" {
    ! is_sanitized || skip "memory cannot be limited under sanitizers"
    mkfifo primes
    for backend in serial openmp; do
        has_backend $backend || continue
        for words in "" "--order completion"; do
            env --default-signal=PIPE "$PARPRIME" list 0 2^64-1 --backend $backend $words >primes 2>err 3>&- &
            pid=$!
            exec 5<primes
            # Two and three are among the first lines of any order but completion's.
            head -c 3000000 <&5 >found
            [ "$(wc -c <found)" -eq 3000000 ] || fail "$backend $words: $(cat err)"
            [ -n "$words" ] || [ "$(head -3 found | tr '\n' ' ')" = "2 3 5 " ] || fail "$(head -3 found)"
            [ "$(peak $pid)" -lt 400000 ] || fail "$backend $words: $(peak $pid) KiB"
            exec 5<&-
            status=0
            wait $pid || status=$?
            [ $status -eq 141 ] || fail "$backend $words: exit code $status"
        done
    done
}

@test "a million numbers a second" {
    is_release || skip "not a release build"
    seq 1000000000 1002999999 >numbers
    # Processor time, since others may be at work here: three seconds of it for three million.
    for words in "--count" "--only prime" "--format csv"; do
        TIMEFORMAT='%U %S'
        used=$( { time "$PARPRIME" test $words <numbers >found 2>err; } 2>&1)
        awk -v used="$used" 'BEGIN { split(used, a, " "); exit !(a[1] + a[2] < 3) }' ||
            fail "$words: $used s of processor time"
    done
    [ "$(wc -l <found)" -eq 3000001 ]
}

@test "words that are no numbers, wherever a number is wanted" {
    for word in +5 0x 1e-3 -1 '' ' ' 1.5 1e 5x 0b1 1__0 '7 8' '((' 1/0 5%0 '2^-1' ∞ 1e1000000000; do
        for words in "count" "list" "count 0" "list 5 --dist" "count 9 --threads" \
            "iterate --steps" "iterate --last" "iterate --mod"; do
            status=0
            timeout 20 "$PARPRIME" $words "$word" >out 2>err </dev/null || status=$?
            [ $status -eq 2 ] || fail "$words '$word': exit code $status: $(head -c 500 err)"
            [ ! -s out ] || fail "$words '$word': an answer"
            [ -s err ] || fail "$words '$word': no message"
        done
    done
}

@test "more words than any command wants" {
    many=$(seq 1 20000)
    pp 2 count $many
    no_answers
    pp 0 test --count $many
    answers 2262
}

@test "numbers of any bytes, from standard input: an error with a place, or an answer" {
    for seed in 1 2 3 4 5 6 7 8 9 10 11 12; do
        random_bytes $seed | head -c 20000 >numbers
        status=0
        timeout 20 "$PARPRIME" test -q <numbers >out 2>err || status=$?
        [ $status -eq 2 ] || fail "seed $seed: exit code $status"
        grep -Eq '^parprime: standard input:[0-9]+:[0-9]+: ' err || fail "seed $seed: $(cat err)"
        timeout 20 "$PARPRIME" test --count --input-format u64 <numbers >out 2>err
        [ "$(cat out)" -gt 0 ] || fail "seed $seed: no prime among 2500 words"
    done
}

# Bytes that repeat for a seed.
random_bytes() {
    "$PYTHON" -c 'import random, sys
generator = random.Random(int(sys.argv[1]))
sys.stdout.buffer.write(generator.randbytes(20000))' $1
}
