# The OpenCL backend from outside: chosen, missing, refused.
load helper

setup_file() {
    mkdir -p "$BATS_FILE_TMPDIR/vendors"
    export NO_VENDORS=$BATS_FILE_TMPDIR/vendors
}

built() {
    "$PARPRIME" --version | grep -q '^OpenCL *ICD loader' || skip "built without OpenCL"
}

@test "without a driver: 4 and what to install, auto goes on, devices explains" {
    built
    export OCL_ICD_VENDORS=$NO_VENDORS
    refuses 4 "pocl-opencl-icd" count 1e6 --backend opencl
    pp 0 count 1e6
    answers 78498
    pp 0 devices
    [[ $output == *"opencl   not usable: no OpenCL platform"*"pocl-opencl-icd"* ]] || fail "no hint"
    pp 0 selftest
    [[ $output == *"opencl left out: no OpenCL platform"* ]] || fail "selftest says nothing"
}

@test "a device that is not there" {
    built
    has_backend opencl || skip "no OpenCL device"
    refuses 4 "no usable device" count 10 --backend opencl --device 9:9
    refuses 4 "no usable device" count 10 --backend opencl --device abacus
}

@test "both kinds of kernels, and no others" {
    built
    has_backend opencl || skip "no OpenCL device"
    for kernels in cpu gpu; do
        for method in trial mr sieve hybrid; do
            pp 0 list 2e4 --backend opencl --kernels $kernels --method $method --verify 100
            [ "$(grep -c . <<<"$output")" -eq 2262 ] || fail "$kernels, $method: wrong list"
            says "units verified"
        done
    done
    refuses 2 "no kernels 'warp'" count 10 --kernels warp
}

@test "it says what it is: OpenCL on a CPU is never a GPU" {
    built
    has_backend opencl || skip "no OpenCL device"
    "$PARPRIME" devices | grep -q "OpenCL on a CPU" || skip "no CPU device"
    device=$(device_of opencl)
    pp 0 count 1e6 --device $device
    says "opencl on a "
    pp 0 count 1e6 --device $device --format json -o out.json
    holds out.json results.0.backend=opencl results.0.count=78498
}

@test "a share is verified by default, all, or none" {
    built
    has_backend opencl || skip "no OpenCL device"
    # A hundredth of the time is enough for some of so many small units.
    pp 0 count 1e9 1e9+3e7 --backend opencl --method mr
    [[ $stderr =~ [1-9][0-9]*\ of\ [0-9]+\ units\ verified ]] || fail "none by default"
    pp 0 count 1e9 1e9+3e7 --backend opencl --method mr --verify 0
    [[ $stderr != *verified* ]] || fail "some, though none was asked for"
    pp 0 count 3e6 --backend opencl --method hybrid --verify 100 --format json -o out.json
    holds out.json results.0.retried=0 results.0.fault=null
    "$PYTHON" -c 'import json; r = json.load(open("out.json"))["results"][0]
assert r["units"] == r["verified"], r'
    pp 0 count 3e6 --method hybrid
    [[ $stderr != *verified* ]] || fail "some on a CPU"
    # Of every batch of a test, not of the last alone.
    seq 600000 >numbers
    pp 0 test --count --input numbers --backend opencl --verify 100
    [[ $stderr =~ \ ([0-9]+)\ of\ ([0-9]+)\ units\ verified ]] || fail "none"
    [ "${BASH_REMATCH[1]}" -eq "${BASH_REMATCH[2]}" ] || fail "not all"
}

@test "a time limit for a device that is none" {
    for word in x 0 -0.1 1s ""; do
        refuses 2 "is not a number of seconds above 0" count 10 --device-timeout="$word"
    done
    pp 0 count 1e6 --device-timeout 0.5 --backend serial
}

@test "a share to verify that is none" {
    refuses 2 "is not a share" count 10 --verify 101
    refuses 2 "is not a share" count 10 --verify x
    pp 0 count 1e6 --verify 100% --backend serial
    answers 78498
    says "units verified"
}
