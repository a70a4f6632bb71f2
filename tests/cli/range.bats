# count and list: the primes of a range, the same by every way there is.
load helper

book=(10000000000037 10000000000051 10000000000099 10000000000129 10000000000183 10000000000259
    10000000000267 10000000000273 10000000000279 10000000000283 10000000000313 10000000000343
    10000000000391 10000000000411 10000000000433 10000000000453)

# The digest that the result line names.
digest() {
    [[ $stderr =~ digest\ ([0-9a-f]{16}) ]] || fail "no digest"
    echo "${BASH_REMATCH[1]}"
}

@test "the book's range" {
    pp 0 list 1e13 1e13+500
    answers "${book[@]}"
    says "16 primes in "
    pp 0 list 1e13 --dist 500 --method trial
    answers "${book[@]}"
    pp 0 count 1e13 1e13+500
    answers 16
}

@test "known counts" {
    pp 0 count 1e9
    answers 50847534
    pp 0 count 1e12 1e12+1e9 --method sieve
    answers 36190991
    pp 0 count 2^32
    answers 203280221
    pp 0 count 1e17 -d 1e5
    pp 0 count 3 3
    answers 1
    pp 0 count 4 4
    answers 0
    pp 0 count 0 2
    answers 1
    pp 0 count 10
    answers 4
}

@test "the last numbers there are" {
    pp 0 count 18446744073709550616 2^64-1
    want=$output
    pp 0 list 18446744073709550616 2^64-1 -q
    [ ${#lines[@]} -eq "$want" ] || fail "count says $want"
    [ "${lines[-1]}" = 18446744073709551557 ] || fail "2^64-59 is the last prime"
    pp 0 list 2^64-59 2^64-1 -q
    answers 18446744073709551557
    pp 0 list 2^64-58 2^64-1 -q
    no_answers
}

@test "every backend, method and number of threads: one answer, one digest" {
    for range in "0 20000" "1e13 1e13+500" "2^32-1000 2^32+1000" "24 28"; do
        pp 0 list $range --backend serial --method mr
        want=$output want_digest=$(digest)
        n=$(grep -c . <<<"$want") || true
        for backend in $(backends); do
            threads=(1)
            [ $backend = openmp ] && threads=(1 2 3)
            for method in trial mr sieve; do
                for t in "${threads[@]}"; do
                    way="$range --backend $backend --method $method -t $t"
                    pp 0 list $way
                    [ "$output" = "$want" ] || fail "list $way: other primes"
                    [ "$(digest)" = $want_digest ] || fail "list $way: another digest"
                    says " · $backend"
                    says ", $method ("
                    pp 0 count $way
                    answers $n
                    [ "$(digest)" = $want_digest ] || fail "count $way: another digest"
                done
            done
        done
    done
}

@test "threads share a long list, and its order holds" {
    has_backend openmp || skip "no openmp"
    pp 0 list 5e6 --backend serial --method mr -o want
    want=$(digest)
    for t in 2 3 8; do
        pp 0 list 5e6 --backend openmp -t $t --method sieve -o found
        cmp want found || fail "$t threads: another list"
        [ "$(digest)" = $want ] || fail "$t threads: another digest"
    done
}

@test "--order completion is a permutation" {
    "$PARPRIME" list 2e6 -q >want
    for backend in $(backends); do
        pp 0 list 2e6 --order completion --method mr --backend $backend -o found
        sort -n found | cmp - want || fail "$backend: other primes"
    done
    pp 0 list 2e6 --order ascending -q -o found
    cmp found want
}

@test "u64 output is the same primes" {
    "$PARPRIME" list 1e13 1e13+500 -q --output-format u64 >primes
    [ $(stat -c %s primes) -eq 128 ] || fail "16 primes are 128 bytes"
    mapfile -t found < <(od -An -v -tu8 -w8 --endian=little primes | tr -d ' ')
    [ "${found[*]}" = "${book[*]}" ] || fail "${found[*]}"
    pp 0 list 24 28 --output-format u64
    no_answers
    refuses 2 "goes with --format text only" list 10 --output-format u64 --format json
    refuses 2 "goes with --format text only" list 10 --output-format u64 --format csv
}

@test "csv" {
    pp 0 list 10 -q --format csv
    answers prime 2 3 5 7
    pp 0 list 24 28 -q --format csv
    answers prime
    pp 0 count 1e13 1e13+500 -q --format csv --backend serial --method mr
    [ "${lines[0]}" = lo,hi,count,digest,backend,method,threads,seconds ] || fail header
    [[ ${lines[1]} =~ ^10000000000000,10000000000500,16,[0-9a-f]{16},serial,mr,1,[0-9]+\.[0-9]{9}$ ]] ||
        fail row
    [ ${#lines[@]} -eq 2 ]
}

@test "json" {
    pp 0 count 1e13 1e13+500 -q --format json -o count.json
    holds count.json job.command=count job.lo=10000000000000 job.hi=10000000000500 \
        job.method=auto results.#=1 results.0.count=16 interrupted=absent
    digest=$(sed -n 's/.*"digest": //p' count.json)
    pp 0 list 1e13 1e13+500 -q --format json --method trial -o list.json
    holds list.json job.order=ascending primes.#=16 primes.0=10000000000037 \
        primes.15=10000000000453 job.method=trial results.0.method=trial results.0.count=16
    [ "$(sed -n 's/.*"digest": //p' list.json)" = "$digest" ] || fail "two digests"
    for words in "24 28" "0 0" "2 2" "1e6 --order completion" "2^64-58 2^64-1"; do
        pp 0 list $words -q --format json -o "$words.json"
    done
    valid *.json
    holds "24 28.json" primes.#=0 results.0.count=0
    holds "1e6 --order completion.json" primes.#=78498 job.order=completion
}

@test "the result line" {
    shape='^16 primes in [0-9]+\.[0-9]{3} s · (serial|openmp), [0-9]+ threads?, '
    shape+='(trial|mr|sieve) \((none|avx2|avx512)\) · digest [0-9a-f]{16}$'
    for command in count list; do
        pp 0 $command 1e13 1e13+500
        [[ $stderr =~ $shape ]] || fail "another shape"
        pp 0 $command 1e13 1e13+500 -q
        says_nothing
        pp 0 $command 1e13 1e13+500 -v
        [[ ${stderr_lines[0]} =~ $shape ]] || fail "another shape with -v"
        [[ ${stderr_lines[1]} == *"units "* ]] || fail "no phases with -v"
    done
    pp 0 count 2 2 --backend serial
    [[ $stderr == "1 prime in "*" serial, 1 thread, "* ]] || fail "one is no plural"
}

# ---- method pi: where the build has it --------------------------------------------------------

pi_or_skip() {
    "$PARPRIME" count 10 --method pi -q >/dev/null 2>&1 || skip "this build has no libprimecount"
}

@test "method pi counts ranges as the sieve does, without a digest" {
    pi_or_skip
    for range in 0 1 2 "0 1" "2 2" "4 4" "1e12 1e12+1e8" 1e9 "100 1000"; do
        for backend in serial auto; do
            pp 0 count $range --method pi --backend $backend
            [[ $stderr != *digest* ]]
            answers "$("$PARPRIME" count $range --method sieve -q)"
        done
    done
    pp 0 count 1e13 --method pi
    answers 346065536839
    pp 0 count 1e6 --method pi --format json
    [[ $output == *'"digest": null'* ]]
}

@test "method pi only counts: 4" {
    pi_or_skip
    refuses 4 "does not have method pi for this: it only counts" list 100 --method pi
    refuses 4 "does not have method pi for this: it only counts" test 7 --method pi
}

@test "a signal ends method pi at once" {
    pi_or_skip
    run timeout -s INT 1 "$PARPRIME" count 1e18 --method pi
    [ "$status" -eq 124 ]
}

# ---- digits ---------------------------------------------------------------------------------

# Primes of [FROM, FROM + 399] as `test` prints them, which has digits from its input.
tested() {
    seq "$1" "$("$PARPRIME" iterate --start "$1+399" --steps 0 --exact -q)" | "$PARPRIME" test --only prime -q | cut -d " " -f 1
}

@test "listed numbers have the right digits, at every border of blocks and lengths" {
    for from in 0 9800 19800 99800 999800 9999800 99999800 999999800 9999999800 4294967100 \
        99999999800 999999999800 9999999999800 123456789999800 999999999999800 9999999999999800 \
        99999999999999800 999999999999999800 9999999999999999800 18446744073709551000; do
        expected=$(tested $from)
        [ "$("$PARPRIME" list $from $from+399 -q)" = "$expected" ] || fail "from $from"
        [ "$("$PARPRIME" list $from $from+399 -q --format json | grep -oP '^ {4}"\K[0-9]+')" = \
            "$expected" ] || fail "JSON from $from"
        [ "$("$PARPRIME" list $from $from+399 -q --output-format u64 | od -An -v -w8 -t u8 |
            tr -d ' ')" = "$expected" ] || fail "64-bit words from $from"
    done
}
