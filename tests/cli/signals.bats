# SIGINT and SIGTERM: the first ends the job after its units in flight, a second one at once.
load helper

forever=(count 0 1e13 --method sieve)

@test "SIGINT: what is done is said, nothing is answered, 130" {
    begin "${forever[@]}"
    handles_signals
    sleep 0.3
    kill -INT $pid
    ended 5
    [ $status -eq 130 ] || fail "exit code $status"
    no_answers
    [[ $stderr =~ ^parprime:\ SIGINT\ after\ [1-9][0-9]*\ of\ 10000000000001\ numbers$ ]] ||
        fail "how far?"
}

@test "SIGTERM: the same, 143" {
    begin "${forever[@]}"
    handles_signals
    sleep 0.3
    kill -TERM $pid
    ended 5
    [ $status -eq 143 ] || fail "exit code $status"
    no_answers
    [[ $stderr =~ ^parprime:\ SIGTERM\ after\ [1-9][0-9]*\ of\ 10000000000001\ numbers$ ]] ||
        fail "how far?"
}

@test "with every backend, method and command" {
    for backend in $(backends); do
        for words in "count 0 1e13 --method sieve" "count 1e15 2e15 --method mr" \
            "count 1e15 2e15 --method trial" "list 0 1e13 --method sieve -o primes" \
            "list 1e15 2e15 --method mr -o primes --order completion"; do
            begin $words --backend $backend
            handles_signals
            sleep 0.05
            kill -INT $pid
            ended 10
            rm -f primes
            [ $status -eq 130 ] || fail "$words, $backend: exit code $status"
            no_answers
            says "SIGINT after "
        done
    done
}

@test "at once after the start" {
    for words in "count 1e18 2^64-1 --method sieve" "count 0 1e13 --method sieve" iterate; do
        [ "$words" = iterate ] && words="iterate --steps 1e15"
        begin $words
        handles_signals
        kill -INT $pid
        ended 10
        [ $status -eq 130 ] || fail "$words: exit code $status"
        says " of "
    done
}

@test "JSON says so too" {
    begin "${forever[@]}" --format json
    handles_signals
    sleep 0.2
    kill -INT $pid
    ended 5
    [ $status -eq 130 ] || fail "exit code $status"
    mv out count.json
    begin list 0 1e13 --method sieve --format json -o list.json
    handles_signals
    kill -TERM $pid
    ended 10
    [ $status -eq 143 ] || fail "exit code $status"
    begin iterate --steps 1e12 --format json -o iterate.json
    handles_signals
    sleep 0.1
    kill -INT $pid
    ended 5
    [ $status -eq 130 ] || fail "exit code $status"
    holds count.json results.#=0 interrupted.signal=SIGINT interrupted.total=10000000000001
    holds iterate.json results.#=0 interrupted.signal=SIGINT interrupted.total=1000000000000
    # A list may be long.
    tail -6 list.json >tail
    grep -q '"signal": "SIGTERM"' tail
    { sed '/^  "primes": \[/q' list.json; sed -n '/^  \],$/,$p' list.json; } >empty.json
    holds empty.json results.#=0 interrupted.signal=SIGTERM
}

@test "a second signal ends it at once, of either kind" {
    # One unit of some seconds: the first signal waits for it.
    slow=(test 18446744073709551557 --method trial --backend serial)
    for second in INT TERM; do
        begin "${slow[@]}"
        handles_signals
        sleep 0.1
        kill -INT $pid
        sleep 0.2
        kill -0 $pid || fail "the unit in flight was not waited for"
        kill -$second $pid
        ended 1
        [ $status -eq $((128 + $(kill -l $second))) ] || fail "exit code $status"
        no_answers
        says_nothing
    done
}

@test "while it waits for input" {
    mkfifo in
    exec 4<>in
    for signal in INT TERM; do
        begin test -q <in
        echo 7 >&4
        wait_for "7 prime" out
        kill -$signal $pid
        ended 2
        [ $status -eq $((128 + $(kill -l $signal))) ] || fail "exit code $status"
        answers "7 prime"
        says_just "parprime: SIG$signal after 1 numbers"
    done
    begin test --format json <in
    handles_signals
    printf '7 8\n9' >&4
    sleep 0.2
    kill -INT $pid
    ended 2
    [ $status -eq 130 ] || fail "exit code $status"
    holds out results.#=0 interrupted.done=2 interrupted.total=null numbers.#=2
    exec 4>&-
}

@test "in the middle of large numbers" {
    yes 2^4423-1 | head -1000 >numbers
    begin test --only prime --input numbers
    handles_signals
    sleep 0.2
    kill -INT $pid
    ended 10
    [ $status -eq 130 ] || fail "exit code $status"
    says "SIGINT after "
}

@test "while nobody reads the answers" {
    mkfifo stalled
    exec 4<>stalled
    for words in "list 0 1e13 --order completion" "list 0 1e13 --format json"; do
        env --default-signal=INT "$PARPRIME" $words >stalled 2>err 3>&- 4>&- &
        pid=$!
        handles_signals
        sleep 0.3
        kill -INT $pid
        ended 5
        [ $status -eq 130 ] || fail "$words: exit code $status"
        says "standard output is not being read: SIGINT"
        says "SIGINT after "
    done
    exec 4>&-
}

@test "iterate: steps are counted, also those of a huge modulus" {
    begin iterate --steps 1e12
    handles_signals
    sleep 0.3
    kill -INT $pid
    ended 2
    [ $status -eq 130 ] || fail "exit code $status"
    no_answers
    [[ $stderr =~ ^parprime:\ SIGINT\ after\ [1-9][0-9]*\ of\ 1000000000000\ steps$ ]] ||
        fail "how far?"
    begin iterate --last 1e6 --steps 1e6
    handles_signals
    sleep 0.2
    kill -TERM $pid
    ended 3
    [ $status -eq 143 ] || fail "exit code $status"
    no_answers
    says "SIGTERM after "
}

@test "iterate --exact is ended at once" {
    begin iterate --exact --steps 27
    has_begun
    sleep 0.1
    kill -INT $pid
    ended 1
    [ $status -eq 130 ] || fail "exit code $status"
    no_answers
}

@test "compare: between two runs as well as in one" {
    for words in "count 1e6" "count 0 1e13 --method sieve"; do
        begin compare --runs 1000 --format json -- $words
        handles_signals
        sleep 0.3
        kill -INT $pid
        ended 5
        [ $status -eq 130 ] || fail "exit code $status"
        says "SIGINT after "
        says " timed runs"
        holds out results.#=0 interrupted.signal=SIGINT verdict=absent control=absent
    done
    # As text there is nothing to show yet.
    begin compare --runs 1000 -- count 1e6
    handles_signals
    sleep 0.3
    kill -TERM $pid
    ended 5
    [ $status -eq 143 ] || fail "exit code $status"
    no_answers
}
