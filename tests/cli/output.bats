# Where answers go, and what happens when they cannot.
load helper

# Every command with something to say.
commands=("test 7" "count 100" "list 100" "iterate" "devices")

# Without the clock and the memory that a device has at the moment.
steady() {
    sed 's/[0-9.]* MHz, [0-9.]* GiB/MHz, GiB/' "$1"
}

@test "-o FILE holds what standard output would" {
    for words in "test 7 8" "count 100" "list 100" "iterate" "devices"; do
        "$PARPRIME" $words -q >want
        echo "what was there before, and is longer than that" >found
        pp 0 $words -q -o found
        no_answers
        cmp <(steady want) <(steady found) || fail "$words"
        pp 0 $words --quiet --output=found
        cmp <(steady want) <(steady found)
    done
}

@test "answers only on stdout, all else on stderr" {
    for words in "test 7 8" "count 100" "list 100" "iterate"; do
        "$PARPRIME" $words >loud 2>err
        "$PARPRIME" $words -q >quiet 2>none
        cmp loud quiet
        [ -s err ] || fail "$words says nothing on stderr"
        [ ! -s none ] || fail "$words -q says something on stderr"
    done
}

@test "a full disk: 5" {
    for words in "${commands[@]}" "list 1e7" "test 7 --format json" "count 9 --format json"; do
        status=0
        "$PARPRIME" $words >/dev/full 2>err || status=$?
        [ $status -eq 5 ] || fail "$words: exit code $status"
        grep -q "parprime: standard output: No space left on device" err || fail "$(cat err)"
        refuses 5 "/dev/full: No space left on device" $words -o /dev/full
        ! grep -q " in [0-9.]* s" err || fail "$words: a result line for answers that are lost"
    done
}

@test "a closed standard output: 5" {
    for words in "${commands[@]}" "list 1e7" "list 100 --format json"; do
        status=0
        "$PARPRIME" $words >&- 2>err || status=$?
        [ $status -eq 5 ] || fail "$words: exit code $status"
        grep -q "parprime: standard output: Bad file descriptor" err || fail "$(cat err)"
    done
    # Nothing to write, nothing lost.
    "$PARPRIME" test -e 7 >&- 2>err
    "$PARPRIME" count 100 -o found >&- 2>err
    [ "$(cat found)" = 25 ]
}

@test "a closed standard error: no message strays into the answers" {
    "$PARPRIME" count 100 -v -o found 2>&-
    [ "$(cat found)" = 25 ] || fail "$(cat found)"
    echo '7 8x' >numbers
    status=0
    "$PARPRIME" test --input numbers -o found 2>&- >&- <&- || status=$?
    [ $status -eq 2 ] || fail "exit code $status"
    [ "$(cat found)" = "7 prime" ] || fail "$(cat found)"
    [ "$(cat numbers)" = "7 8x" ] || fail "the input was written to"
}

@test "a file that cannot be made: 5" {
    mkdir closed
    chmod 555 closed
    [ $(id -u) -ne 0 ] || closed=/proc
    for words in "${commands[@]}"; do
        refuses 5 ": " $words -o "${closed-closed}/answers"
        refuses 5 "missing/answers: No such file or directory" $words -o missing/answers
        refuses 5 "closed: Is a directory" $words -o closed
    done
    # At once, not after the work.
    before=$SECONDS
    refuses 5 "missing/answers" count 0 1e15 -o missing/answers
    refuses 5 "missing/answers" iterate --steps 1e12 -o missing/answers
    refuses 5 "missing/answers" compare -o missing/answers
    [ $((SECONDS - before)) -lt 5 ] || fail "too late"
}

@test "a limit on file sizes: 5, whatever becomes of SIGXFSZ" {
    seq 1000 >numbers
    for words in "list 1e6" "list 1e6 --format json" "list 1e6 --format csv" \
        "list 1e6 --output-format u64" "list 1e6 --order completion" "test --input numbers" \
        "test --input numbers --format json" "test --input numbers --format csv"; do
        for action in - ''; do
            status=0
            rm -f found
            (
                trap "$action" XFSZ
                ulimit -c 0
                ulimit -f 1
                exec "$PARPRIME" $words -o found 2>err
            ) || status=$?
            [ $status -eq 5 ] || fail "$words: exit code $status"
            grep -q "^parprime: found: File too large" err || fail "$words: $(cat err)"
            ! grep -q " in [0-9.]* s" err || fail "a result line for answers that are lost"
            [ $(stat -c %s found) -le 1024 ]
        done
    done
}

@test "a full disk, where answers are tables and documents: 5" {
    for words in "compare --runs 1 --warmup 0 --backend serial -- count 1e5" \
        "compare --runs 1 --warmup 0 --backend serial --format json -- count 1e5" \
        "compare --runs 1 --warmup 0 --backend serial --format csv -- count 1e5" \
        "devices --format json" "devices --format csv" "test 7 --format csv" \
        "count 100 --format csv" "iterate --format json" "iterate --format csv"; do
        refuses 5 "/dev/full: No space left on device" ${words%% *} -o /dev/full ${words#* }
    done
}

@test "a file that cannot be closed: 5" {
    ! is_sanitized || skip "nothing comes before a sanitizer's own library"
    [ -f "${CLOSE_FAILS:-}" ] || skip "without the library whose close fails"
    for words in "count 100" "list 100" "list 1e6" "list 100 --format json" "test 7 --format csv"; do
        status=0
        LD_PRELOAD=$CLOSE_FAILS "$PARPRIME" $words -o answers 2>err || status=$?
        [ $status -eq 5 ] || fail "$words: exit code $status"
        grep -q "^parprime: answers: Disk quota exceeded" err || fail "$words: $(cat err)"
    done
}

@test "a closed pipe ends it soon and quietly" {
    for words in "list 1e9" "list 1e10 --order completion" "list 1e9 --format json" \
        "list 0 2^64-1" "list 1e9 --output-format u64" "test --input numbers"; do
        yes 7 | head -1000000 >numbers
        before=$SECONDS
        { env --default-signal=PIPE "$PARPRIME" $words 2>err && status=0 || status=$?
          echo $status >code; } | head -c 2 >first
        [ "$(cat code)" -eq 141 ] || fail "$words: exit code $(cat code)"
        [ ! -s err ] || fail "$words: $(cat err)"
        [ $((SECONDS - before)) -le 5 ] || fail "$words: not soon"
    done
}

@test "a closed pipe, SIGPIPE ignored: 5" {
    { env --ignore-signal=PIPE "$PARPRIME" list 1e8 2>err && status=0 || status=$?
      echo $status >code; } | head -c 2 >first
    [ "$(cat code)" -eq 5 ] || fail "exit code $(cat code)"
    grep -q "parprime: standard output: Broken pipe" err
}

@test "a pipe that cannot be opened anew is written to all the same" {
    "$PARPRIME" list 2e6 -q >want
    # Descriptors for standard streams, the pipe of signals, and no more; libomp would want some.
    prlimit --nofile=5 "$PARPRIME" list 2e6 -q --backend serial 3>&- | cat >found
    cmp found want
    prlimit --nofile=5 "$PARPRIME" list 2e6 -q --backend serial 3>&- | { sleep 0.3; cat; } >found
    cmp found want
    mkfifo stalled
    exec 4<>stalled
    env --default-signal=INT prlimit --nofile=5 "$PARPRIME" list 0 1e13 --backend serial \
        >stalled 2>err 3>&- 4>&- &
    pid=$!
    handles_signals
    sleep 0.3
    kill -INT $pid
    ended 5
    [ $status -eq 130 ] || fail "exit code $status"
    says "standard output is not being read: SIGINT"
    exec 4>&-
}

@test "a pipe stays for others what it was" {
    { "$PARPRIME" list 1e6 -q; sed -n 's/^flags:\t*//p' /proc/self/fdinfo/4 4>&1 >flags; } | cat >found
    [ $((0$(cat flags) & 04000)) -eq 0 ] || fail "its writes no longer block"
}

@test "a slow reader gets everything" {
    { "$PARPRIME" list 1e6 -q; } | { sleep 0.5; cat; } >found
    "$PARPRIME" list 1e6 -q >want
    cmp found want
}
