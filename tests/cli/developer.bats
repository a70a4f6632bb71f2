# A developer's build, which reads its kernels from a folder, and kernels that do not compile.
load helper

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
    rm -rf "$KERNEL_FOLDER"
    cp -r "$KERNELS" "$KERNEL_FOLDER"
    [ -n "${NO_DEVICE:-}" ] || has_backend opencl || skip "no OpenCL device"
}

@test "kernels from the folder are used, and every output says so" {
    pp 0 --version
    [[ $output == *"kernels read from $KERNEL_FOLDER"* ]] || fail "--version does not say so"
    pp 0 count 1e6 --backend opencl
    answers 78498
    says "kernels read from $KERNEL_FOLDER"
    pp 0 count 1e6 --backend opencl --format json
    [[ $output == *"kernels read from $KERNEL_FOLDER"* ]] || fail "JSON does not say so"
    for command in "devices --format json" devices selftest "selftest --format json"; do
        pp 0 $command
        [[ $output == *"kernels read from $KERNEL_FOLDER"* ]] || fail "$command does not say so"
    done
    # And of nothing else.
    pp 0 count 1e6 --backend serial
    [[ $stderr != *"kernels"* ]] || fail "serial has no kernels"
}

@test "kernels that do not compile: 4 and the log, auto goes on" {
    echo "this is broken" >>"$KERNEL_FOLDER/sieve.cl"
    for command in "count 1e6" "list 100" "test 7"; do
        refuses 4 "the kernels do not compile" $command --backend opencl
        says "error"
    done
    pp 0 count 1e6
    answers 78498
    pp 0 count 1e6 --backend serial
    answers 78498
}

@test "kernels that compute wrongly: the self-test says so, 3, auto goes on" {
    sed -i 's/bits |= (ulong)flags\[/bits |= (ulong)!flags[/' "$KERNEL_FOLDER/reduce.cl"
    refuses 3 "self-test" count 1e6 --backend opencl
    pp 0 count 1e6
    answers 78498
}

@test "a folder without a kernel: 4, and which" {
    rm "$KERNEL_FOLDER/trial.cl"
    refuses 4 "the kernels cannot be read: $KERNEL_FOLDER/trial.cl" count 1e6 --backend opencl
}
