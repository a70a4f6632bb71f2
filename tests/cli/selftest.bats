# Known answers by every code, and random windows in two ways.
load helper

# As pp, with the time that all codes take under a sanitizer on a busy machine.
patiently() {
    local want=$1
    shift
    run --separate-stderr timeout 400 "$PARPRIME" "$@"
    [ "$status" -eq "$want" ] || fail "parprime $*: exit code $status, not $want"
}

@test "every backend, level, kind of kernels and method says what it checked" {
    patiently 0 selftest
    [[ $output == *" passed, 0 failed" ]] || fail "something failed"
    for level in $("$PARPRIME" --version | sed -n 's/^SIMD *//p'); do
        for method in trial mr sieve hybrid; do
            n=$(grep -cE "^  simd $level +$method +[1-9][0-9]* ranges, [1-9][0-9]* numbers, 1 list: [1-9][0-9]* checks passed, 0 failed" <<<"$output")
            [ "$n" -ge 1 ] || fail "$level, $method?"
        done
    done
    [[ $output == *"iterate: "*" checks passed, 0 failed"* ]] || fail "no iteration"
    if [ -n "$(device_of opencl)" ]; then
        for kernels in cpu gpu; do
            [ "$(grep -c "^  kernels $kernels .* 0 failed" <<<"$output")" -ge 4 ] || fail "$kernels?"
        done
    fi
}

# Fewer codes, where it is not the codes that are tested.
plain_only() {
    export PARPRIME_SIMD=none OCL_ICD_VENDORS=$NO_VENDORS
}

@test "as JSON and CSV" {
    plain_only
    patiently 0 selftest --format json -o selftest.json
    valid selftest.json
    holds selftest.json job.command=selftest failed=0 results.0.simd=none results.0.method=trial \
        results.0.failures.#=0 iteration.failed=0 windows=absent
    patiently 0 selftest --format csv
    [[ $output == "id,backend,name,variant,method,ranges,numbers,lists,passed,failed,seconds"* ]] ||
        fail "no head"
    ! grep -vE '",[a-z0-9]+,[a-z]+,[0-9]+,[0-9]+,[01],[0-9]+,0,[0-9.]+$' <<<"${output#*$'\n'}" ||
        fail "something failed"
}

@test "--long as JSON" {
    export OCL_ICD_VENDORS=$NO_VENDORS
    patiently 0 selftest --long --windows 20 --seed 7 --format json -o long.json
    valid long.json
    holds long.json windows.seed=7 windows.windows=20 windows.disagreement=absent failed=0
}

@test "--long ends with SIGINT, and says what it has checked" {
    export OCL_ICD_VENDORS=$NO_VENDORS
    begin selftest --long -o checked
    for ((i = 0; i < 4000; i++)); do
        grep -q "^random windows" checked 2>/dev/null && break
        sleep 0.1
    done
    sleep 0.5
    kill -INT $pid
    ended 20
    [ $status -eq 130 ] || fail "exit code $status"
    grep -qE "^[1-9][0-9]* windows agreed, .* --seed [0-9]+$" checked || fail "$(tail -3 checked)"
    [ "$(grep -c -- "--seed [0-9]*$" checked)" -eq 2 ] || fail "no seed at the beginning"
}

@test "wrong usage" {
    pp 2 selftest 7
    pp 2 selftest --seed 7
    says "for --long"
    pp 2 selftest --long --time 0
    pp 2 selftest --long --windows x
}
