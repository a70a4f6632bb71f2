# iterate: the sequential control.
load helper

@test "the book's: f^20(3) ends in 35443" {
    pp 0 iterate
    answers 35443
    [[ $stderr =~ ^20\ steps\ in\ [0-9]+\.[0-9]{3}\ s\ ·\ serial,\ 1\ thread ]] || fail "result line"
    pp 0 iterate -q
    answers 35443
    says_nothing
    pp 0 iterate --start 3 --steps 20 --last 5 -q
    answers 35443
}

@test "a thousand steps, at once" {
    pp 0 iterate --steps 1000
    answers 85443
    pp 0 iterate --steps 1e3 --last 3
    answers 443
}

@test "from 2: Sylvester's sequence" {
    sylvester=(2 3 7 43 1807 3263443 10650056950807 113423713055421844361000443)
    for steps in "${!sylvester[@]}"; do
        pp 0 iterate -q --start 2 --steps $steps --exact
        answers "${sylvester[steps]}"
    done
    pp 0 iterate -q --start 0 --steps 5 --exact
    answers 1
    pp 0 iterate -q --start 1 --steps 1e18 --exact
    answers 1
}

@test "--last pads with zeros" {
    pp 0 iterate -q --last 10 --steps 0
    answers 0000000003
    pp 0 iterate -q --last 10 --steps 1
    answers 0000000007
    pp 0 iterate -q --last 5 --start 2 --steps 4
    answers 01807
    pp 0 iterate -q --steps 0 --exact
    answers 3
    pp 0 iterate -q --steps 0 --mod 2
    answers 1
}

@test "--exact, --last and --mod agree" {
    pp 0 iterate -q --exact --steps 20
    exact=$output
    [ ${#exact} -eq 426881 ] || fail "${#exact} digits"
    pp 0 iterate -q --last 100
    answers "${exact: -100}"
    pp 0 iterate -q --last 426881
    answers "$exact"
    pp 0 iterate -q --last 426890
    answers "000000000$exact"
    pp 0 iterate -q --mod 10^12
    answers "${exact: -12}"
    pp 0 iterate -q --mod 10^426881
    answers "$exact"
}

@test "--mod" {
    pp 0 iterate -q --mod 1
    answers 0
    pp 0 iterate -q --mod 97 --start 2 --steps 5
    answers $((3263443 % 97))
    pp 0 iterate -q --mod 2^64+1 --start 2 --steps 6
    answers 10650056950807
    pp 0 iterate -q --mod 2^64 --start 2 --steps 7
    answers 14855219113534633467
    # By another program's integers.
    pp 0 iterate -q --mod 2^64-1
    answers 2172594212752823368
    pp 0 iterate -q --mod 2^64
    answers 6472377372257615635
    pp 0 iterate -q --mod 2^64+1
    answers 17344663651322341103
    pp 0 iterate -q --mod 2^200-7
    answers 803226134662805122254587160887582943896767252364764990463866
    pp 0 iterate -q --mod 10^9+7
    answers 222603453
    refuses 2 "the modulus must be at least 1" iterate --mod 0
    refuses 2 "--mod: negative" iterate --mod 1-2
}

@test "ten million steps are quick" {
    before=$SECONDS
    pp 0 iterate --steps 1e7
    answers 85443
    [ $((SECONDS - before)) -le 10 ]
}

@test "all digits that cannot fit: 2, and the way out" {
    refuses 2 "--mod M or --last D work modularly" iterate --exact --steps 1000
    refuses 2 "cannot fit in any memory" iterate --exact --steps 1000
    refuses 2 "GiB of memory" iterate --exact --steps 45
    refuses 2 "cannot fit" iterate --exact --steps 2^64-1
}

@test "serial always: other backends and threads are refused" {
    for backend in openmp opencl cuda; do
        refuses 2 "inherently sequential: it runs on backend serial only, not $backend" \
            iterate --backend $backend
    done
    refuses 2 "inherently sequential: it runs on one thread, not 2" iterate -t 2
    refuses 2 "one thread, not 0" iterate -t 0
    for words in "--backend serial" "--backend auto" "-t 1"; do
        pp 0 iterate $words
        answers 35443
    done
}

@test "contradictions and bad words: 2" {
    for words in "--last 5 --mod 7" "--last 5 --exact" "--mod 7 --exact"; do
        refuses 2 "only one of --last, --mod and --exact" iterate $words
    done
    refuses 2 "takes --start and --steps, not '7'" iterate 7
    refuses 2 "--last: 0 is not in 1" iterate --last 0
    refuses 2 "--last: 1000001 is not in 1" iterate --last 1000001
    refuses 2 "--steps: 18446744073709551616 is above 2^64-1" iterate --steps 2^64
    refuses 2 "--start: " iterate --start x
}

@test "csv" {
    pp 0 iterate -q --format csv
    [ "${lines[0]}" = steps,value,seconds ] || fail header
    [[ ${lines[1]} =~ ^20,35443,[0-9]+\.[0-9]{9}$ ]] || fail row
    [ ${#lines[@]} -eq 2 ]
}

@test "json" {
    pp 0 iterate -q --format json -o last.json
    holds last.json job.command=iterate job.start=3 job.steps=20 "job.result=last digits" \
        results.#=1 results.0.value=35443 results.0.backend=serial interrupted=absent
    pp 0 iterate -q --format json --mod 97 --start 2^70 -o mod.json
    holds mod.json job.result=modulo job.start=1180591620717411303424
    pp 0 iterate -q --format json --exact --start 2 --steps 6 -o exact.json
    holds exact.json job.result=exact results.0.value=10650056950807
}
