# devices: what can compute here.
load helper

@test "every backend has a line, with a stable id, or the reason why not" {
    pp 0 devices
    says_nothing
    for backend in serial openmp opencl; do
        grep -Eq "^($backend|[0-9]+):[0-9]+ +$backend +(.*, [0-9]+ units?|not usable: .+)$" \
            <<<"$output" || fail "no line on $backend"
    done
    grep -Eq '^serial:0 +serial +.*, 1 unit$' <<<"$output" || fail "serial is always there"
    first=$output
    pp 0 devices
    answers "$first"
}

@test "csv" {
    pp 0 devices --format csv
    [ "${lines[0]}" = id,backend,name,units,usable,reason ] || fail header
    for line in "${lines[@]:1}"; do
        [[ $line =~ ^[a-z0-9]+:[0-9]+,(serial|openmp|opencl),\"[^\"]*\",[0-9]+,(yes,\"\"|no,\".+\")$ ]] ||
            fail "$line"
    done
}

@test "json" {
    pp 0 devices --format json -o out.json
    holds out.json job.command=devices results.0.id=serial:0 results.0.usable=true \
        results.0.units=1
}

@test "bad words: 2" {
    refuses 2 "devices takes no 'all'" devices all
}
