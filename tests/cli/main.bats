# The program's first words: commands, help, version, and what none of them knows.
load helper

@test "without a command: the help, on stderr, and 2" {
    refuses 2 "Usage: parprime COMMAND"
}

@test "--help, -h and help go to stdout and name every command and exit code" {
    for word in --help -h help; do
        pp 0 $word
        says_nothing
        for command in test count list iterate compare scale devices; do
            grep -Eq "^  $command +" <<<"$output" || fail "no word of $command"
        done
        [[ $output == *"0 done, 1 negative answer, 2 wrong usage, 3 answers"* ]] || fail codes
    done
}

@test "COMMAND --help lists that command's options, and only those" {
    for command in test count list iterate compare scale devices; do
        pp 0 $command --help
        says_nothing
        [[ $output == "Usage: parprime $command "* ]] || fail "usage of $command"
        for option in format output quiet verbose help; do
            grep -q -- "--$option" <<<"$output" || fail "$command: no --$option"
        done
    done
    pp 0 count --help
    for option in backend method threads simd device dist; do
        grep -q -- "--$option" <<<"$output" || fail "count: no --$option"
    done
    for option in order steps runs input; do
        ! grep -q -- "--$option" <<<"$output" || fail "count has --$option"
    done
}

@test "--version says how the program was built, also behind a command" {
    pp 0 --version
    says_nothing
    [[ $output == "parprime "[0-9]*.[0-9]*.[0-9]*" ("*")"* ]] || fail "first line"
    for word in compiler flags OpenMP OpenCL GMP SIMD; do
        grep -Eq "^$word +[^ ]" <<<"$output" || fail "no line on $word"
    done
    version=$output
    pp 0 -V
    answers "$version"
    pp 0 count --version
    answers "$version"
}

@test "help and version that cannot be written: 5" {
    for words in --help --version "test --help" "count --version"; do
        status=0
        "$PARPRIME" $words >/dev/full 2>err || status=$?
        [ $status -eq 5 ] || fail "parprime $words: exit code $status"
        grep -q "writing to standard output failed" err
    done
}

@test "an unknown command: 2" {
    refuses 2 "there is no command 'frobnicate'" frobnicate
    refuses 2 "there is no command ''" ""
    refuses 2 "there is no command '--quiet'" --quiet
}

@test "an unknown option, or one of another command: 2" {
    for command in test count list iterate compare scale devices; do
        refuses 2 "unrecognized option '--frobnicate'" $command --frobnicate
        refuses 2 "parprime $command --help" $command --frobnicate
    done
    refuses 2 "unrecognized option '--steps'" count 10 --steps 3
    refuses 2 "unrecognized option '--order'" count 10 --order completion
    refuses 2 "unrecognized option '--dist'" test 10 --dist 3
    refuses 2 "unrecognized option '--runs'" list 10 --runs 3
    refuses 2 "unrecognized option '--method'" iterate --method mr
    refuses 2 "unrecognized option '--threads'" devices --threads 1
    refuses 2 "requires an argument" count 10 --threads
    refuses 2 "doesn't allow an argument" count 10 --quiet=yes
}

@test "an unknown word for an option: 2, and the words that are known" {
    refuses 2 "'xml' is none of text, json, csv" count 10 --format xml
    refuses 2 "there is no backend 'cuda'" count 10 --backend cuda
    refuses 2 "there is no backend ''" count 10 --backend ""
    refuses 2 "'fermat' is none of auto, trial, mr, sieve, hybrid, pi" count 10 --method fermat
    refuses 2 "there is no SIMD level 'sse'" count 10 --simd sse
    refuses 2 "'random' is none of ascending, completion" list 10 --order random
    refuses 2 "'hex' is none of text, u64" list 10 --output-format hex
    refuses 2 "'hex' is none of text, u64" test 10 --input-format hex
    refuses 2 "'odd' is none of all, prime, composite" test 10 --only odd
}

@test "threads: a number in 1 … 4096, else 2" {
    refuses 2 "--threads: 0 is not in 1" count 10 -t 0
    refuses 2 "--threads: 4097 is not in 1" count 10 -t 4097
    refuses 2 "--threads" count 10 -t two
    refuses 2 "'-2' is negative" count 10 -t -2
}

@test "what is known but not here: 4, with the reason" {
    refuses 4 "does not have method pi" list 100 --method pi
    refuses 4 "does not have method pi" test 7 --method pi
    for level in avx2 avx512; do
        PARPRIME_SIMD=none refuses 4 "cannot run $level code" count 1e6 --simd $level
    done
    PARPRIME_SIMD=avx2 refuses 4 "cannot run avx512 code, only none" count 1e6 --simd avx512
    refuses 4 "no usable device 'abacus'" count 1e6 --device abacus
    pp 0 count 1e6 --simd none
    answers 78498
}

@test "an OpenCL that is not there: 4, and auto goes on without it" {
    pp 0 count 1e6
    answers 78498
    ! has_backend opencl || skip "there is one"
    refuses 4 "backend opencl: " count 1e6 --backend opencl
    refuses 4 "no usable device 'opencl:0'" count 1e6 --device opencl:0
}

@test "a device by its id" {
    for backend in $(backends); do
        pp 0 count 1e6 --device $(device_of $backend)
        answers 78498
        says " · $backend"
    done
    refuses 4 "no usable device" count 1e6 --backend serial --device openmp:0
}

@test "the words' order does not matter, and -- ends the options" {
    pp 0 count --method mr 10 -q 20
    answers 4
    says_nothing
    pp 0 count -q -- 10 20
    answers 4
    refuses 2 "negative" count -- -10 20
}
