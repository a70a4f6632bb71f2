# test: which numbers are prime, from arguments, files and standard input.
load helper

@test "arguments, in their order" {
    pp 0 test 7 9 0 1 2 2^64-59 3825123056546413051
    answers "7 prime" "9 composite" "0 neither" "1 neither" "2 prime" \
        "18446744073709551557 prime" "3825123056546413051 composite"
}

@test "from 2^64 up, in their places among the others" {
    pp 0 test 2^64-1 2^64 18446744073709551629 7 2^127-1 1e1000 8 2^521-1
    thousand=1$(printf '0%.0s' {1..1000})
    mersenne=$(sed -n 's/ probable-prime$//p' <<<"${lines[7]}")
    answers "18446744073709551615 composite" "18446744073709551616 composite" \
        "18446744073709551629 probable-prime" "7 prime" \
        "170141183460469231731687303715884105727 probable-prime" "$thousand composite" \
        "8 composite" "$mersenne probable-prime"
    [ ${#mersenne} -eq 157 ] || fail "2^521-1 has 157 digits"
    says "4 of 8 prime (3 of them probable) in "
}

@test "standard input, -, and a file are the same" {
    printf '7 8\n9\n' >numbers
    want=("7 prime" "8 composite" "9 composite")
    pp 0 test -q <numbers
    answers "${want[@]}"
    pp 0 test -q --input - <numbers
    answers "${want[@]}"
    pp 0 test -q --input numbers </dev/null
    answers "${want[@]}"
    run --separate-stderr sh -c '"$0" test -q --input=numbers <&-' "$PARPRIME"
    answers "${want[@]}"
}

@test "white space, comments, line ends, no final newline" {
    printf '# a comment 12\n\n 7\t8 # 10 # 11\r\n9\r\n\v\f0x0b#12\n(1+1)*6+1 2**5' >numbers
    pp 0 test -q <numbers
    answers "7 prime" "8 composite" "9 composite" "11 prime" "13 prime" "32 composite"
}

@test "no numbers: no answers, and that is no failure" {
    for text in '' '\n' ' \n\t\n' '# only this' '#'; do
        printf "$text" >numbers
        pp 0 test <numbers
        no_answers
        says_nothing
        pp 0 test --count <numbers
        answers 0
        pp 0 test -e <numbers
        pp 0 test --format csv <numbers
        answers number,answer
    done
}

@test "--only prime and --only composite" {
    numbers=(7 8 0 2^64 2^89-1 9)
    pp 0 test -q --only prime "${numbers[@]}"
    answers "7 prime" "618970019642690137449562111 probable-prime"
    pp 0 test -q --only composite "${numbers[@]}"
    answers "8 composite" "18446744073709551616 composite" "9 composite"
    pp 0 test -q --only all 7 8 0
    answers "7 prime" "8 composite" "0 neither"
}

@test "--count says just how many" {
    pp 0 test --count 2 3 4 5 2^89-1
    answers 4
    says "4 of 5 prime (1 of them probable)"
    seq 1000000 >numbers
    pp 0 test --count --input numbers
    answers 78498
    says "78498 of 1000000 prime in "
}

@test "-e prints nothing and ends with 0, 1 or 2" {
    pp 0 test -e 7 11 2^89-1
    no_answers
    pp 1 test -e 7 8
    no_answers
    pp 1 test -e 1
    no_answers
    pp 1 test --exit-status 2^89
    no_answers
    pp 2 test -e 7 x
    no_answers
    pp 1 test -e < <(printf '7\n9\n')
    no_answers
    pp 2 test -e < <(printf '7\n9x\n')
    no_answers
}

@test "every method and backend gives the same answers and digest" {
    seq 0 3000 >numbers
    seq 1000000000000 7 1000000030000 >>numbers
    pp 0 test --backend serial --method mr --input numbers
    want=$output digest=${stderr##* digest }
    for backend in $(backends); do
        for method in trial mr sieve; do
            pp 0 test --backend $backend --method $method --input numbers
            [ "$output" = "$want" ] || fail "$backend, $method: other answers"
            [ "${stderr##* digest }" = "$digest" ] || fail "$backend, $method: another digest"
            says " · $backend"
            says ", $method ("
        done
    done
}

@test "threads do not change the answers, nor their order" {
    has_backend openmp || skip "no openmp"
    shuf -i 1-300000 --random-source=/dev/zero >numbers
    pp 0 test -q --backend serial --input numbers -o want
    for threads in 1 2 3 7; do
        pp 0 test -q --backend openmp -t $threads --input numbers -o found
        cmp want found || fail "$threads threads: other answers"
    done
}

@test "the digest is of all numbers, whatever their order and the batches" {
    seq 200000 >up
    tac up >down
    seq 140000 >most
    pp 0 test --count --input up
    digest=${stderr##* digest }
    pp 0 test --count --input down
    answers 17984
    [ "${stderr##* digest }" = "$digest" ] || fail "another digest"
    pp 0 test --count --input most
    [ "${stderr##* digest }" != "$digest" ] || fail "the same digest for other numbers"
}

@test "u64 input: 8 bytes each, little-endian" {
    printf '\7\0\0\0\0\0\0\0\10\0\0\0\0\0\0\0\305\377\377\377\377\377\377\377' >numbers
    pp 0 test -q --input-format u64 <numbers
    answers "7 prime" "8 composite" "18446744073709551557 prime"
    pp 0 test -q --input-format u64 --input numbers
    answers "7 prime" "8 composite" "18446744073709551557 prime"
    pp 0 test --input-format u64 </dev/null
    no_answers
    pp 0 list -q --output-format u64 1e6 -o primes
    pp 0 test --input-format u64 --count --input primes
    answers 78498
}

@test "u64 input that ends inside a number: the answers before it, then 2" {
    printf '\7\0\0\0\0\0\0\0\10\0\0' >numbers
    pp 2 test -q --input-format u64 --input numbers
    answers "7 prime"
    says_just "parprime: numbers: the input ends inside a number of 8 bytes"
    pp 2 test --input-format u64 < <(printf '\7')
    no_answers
    says "standard input: the input ends inside a number"
}

@test "contradictions: 2" {
    refuses 2 "not both" test 7 --input numbers
    refuses 2 "not of arguments" test 7 --input-format u64
}

@test "input that cannot be read: 5" {
    refuses 5 "missing: No such file or directory" test --input missing
    refuses 5 "/: Is a directory" test --input /
    refuses 5 "standard input: Is a directory" test </
    run --separate-stderr sh -c '"$0" test <&-' "$PARPRIME"
    [ $status -eq 5 ] || fail "exit code $status"
    no_answers
    says "standard input: Bad file descriptor"
}

@test "csv" {
    pp 0 test -q --format csv 7 8 1 2^89-1
    answers number,answer 7,prime 8,composite 1,neither 618970019642690137449562111,probable-prime
    pp 0 test -q --format csv --only prime 7 8
    answers number,answer 7,prime
}

@test "json" {
    pp 0 test -q --format json 7 8 1 2^89-1 -o out.json
    holds out.json job.command=test numbers.#=4 numbers.0.n=7 numbers.0.answer=prime \
        numbers.3.answer=probable-prime results.0.count=2 results.0.probable=1 \
        results.0.numbers=4 results.#=1 interrupted=absent
    pp 0 test -q --format json --only composite 7 8 1 -o out.json
    holds out.json numbers.#=1 numbers.0.n=8 results.0.count=1 results.0.numbers=3
    pp 0 test -q --format json --count 7 8 1 -o out.json
    holds out.json numbers.#=0 results.0.count=1
    pp 0 test -q --format json -o out.json </dev/null
    holds out.json numbers.#=0 results.#=0
    pp 2 test -q --format json -o out.json < <(printf '7 8x')
    holds out.json numbers.#=1 results.#=0
}
