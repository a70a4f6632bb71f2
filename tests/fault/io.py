#!/usr/bin/env python3
"""Writing and reading that fails: at the k-th call, on full disks, in places that are closed.

Usage: io.py PARPRIME_FAULTY
The program exits with 5 and names what failed; it never exits with 0 after a part of its answers.
"""

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile

from support import ALL, Judge, Run, chosen, essence, in_parallel

WRITE_CODES = [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EFBIG]
CALLS = {"write": WRITE_CODES, "close": [errno.EIO, errno.ENOSPC, errno.EDQUOT],
         "open": [errno.EACCES, errno.ENOSPC, errno.EMFILE, errno.ENOENT, errno.EROFS],
         "read": [errno.EIO, errno.EISDIR], "fsync": [errno.EIO], "pipe2": [errno.EMFILE]}
# What is no failure: the work goes on, and the answers are the same.
HARMLESS = {"write": [0, errno.EINTR], "read": [0, errno.EINTR]}


def commands(faulty, folder):
    numbers = os.path.join(folder, "numbers")
    with open(numbers, "w", encoding="ascii") as file:
        file.writelines(f"{10**9 + i}\n" for i in range(20000))
    words = [
        "count 1e6", "count 1e6 --format json", "count 1e6 --format csv",
        "list 1e6", "list 1e6 --output-format u64", "list 3e5 --format json",
        "list 1e6 --order completion --backend openmp -t 2",
        "test 7 8 9", f"test --input {numbers}", f"test --input {numbers} --format json",
        f"test --input {numbers} --count", "test -e 7", "iterate", "iterate --exact --steps 20",
        "devices --format csv",
        "compare --runs 1 --warmup 0 --backend serial --format json -- count 1e4",
    ]
    if Run([faulty, *"count 10 --backend openmp".split()]).code == 4:  # a build without it
        words = [line for line in words if "openmp" not in line]
    return [line.split() for line in words]


def with_output(words, path):
    """-o among the words of the program itself, before those of a job to compare."""
    return [words[0], "-o", path, *words[1:]]


def run_to_file(faulty, words, name, plan, folder):
    """Runs with -o, and what the file then holds counts as the output."""
    path = os.path.join(folder, name)
    if os.path.exists(path):
        os.unlink(path)
    run = Run([faulty, *with_output(words, path)], plan)
    if os.path.exists(path):
        with open(path, "rb") as file:
            run.out = file.read()
    return run


def some_of(count):
    """Which calls fail, of so many: a list makes thousands, all alike but the first and the last."""
    return chosen(range(1, count + 1), 6 if ALL else 3, always=True)


def part_calls(faulty, folder):
    """Each call of write, close, open, read, … fails, once and for good."""
    judge = Judge("reading and writing that fails")
    for number, words in enumerate(commands(faulty, folder)):
        for to_file in (True, False) if ALL or number < 6 else (number % 2 == 0,):
            report = os.path.join(folder, "report")

            def run(plan, index, words=words, to_file=to_file, number=number):
                name = f"answers{number}-{index}"
                done = run_to_file(faulty, words, name, plan, folder) if to_file else \
                    Run([faulty, *words], plan)
                if "completion" in words and done.code == 0:
                    done.out = b"\n".join(sorted(done.out.splitlines()))
                return done

            right = run({"FAULT_IO_REPORT": report}, "right")
            with open(report, encoding="ascii") as file:
                counts = {name: int(count) for name, count in map(str.split, file)}
            cases = []
            for call, codes in CALLS.items():
                for nth in some_of(counts[call]):
                    for code in codes if ALL else [codes[nth % len(codes)]]:
                        for for_good in (False, True):
                            cases.append((call, nth, code, for_good))
                    # compare writes 24 MB to see how long that takes: not byte by byte.
                    cases += [(call, nth, code, for_good) for code in HARMLESS.get(call, [])
                              for for_good in ((False, True) if code == 0 and words[0] != "compare"
                                               else (False,))]

            def plan_of(case):
                call, nth, code, for_good = case
                plan = {"FAULT_IO_CALL": call, "FAULT_IO_NTH": str(nth),
                        "FAULT_IO_ERRNO": str(code)}
                if for_good:
                    plan["FAULT_IO_FOR_GOOD"] = "1"
                return plan

            runs = in_parallel([lambda case=case, index=index: run(plan_of(case), index)
                                for index, case in enumerate(cases)])
            for index, (case, found) in enumerate(zip(cases, runs)):
                call, nth, code, for_good = case
                name = f"{' '.join(words)}{' -o FILE' if to_file else ''}: {call} {nth} " \
                    f"{'for good ' if for_good else ''}with {errno.errorcode.get(code, 'a byte')}"
                harmless = code in HARMLESS.get(call, [])
                says = b"parprime: "
                if call == "write" and words[0] != "compare":  # which has files of its own
                    says = f"answers{number}-{index}: ".encode() if to_file else b"standard output"
                judge.take(name, found, right, set() if harmless else {5}, says)
            for index in range(len(cases)):
                path = os.path.join(folder, f"answers{number}-{index}")
                if os.path.exists(path):
                    os.unlink(path)
    return judge.end()


def part_ledger(faulty, folder):
    """What fails while a list with a ledger is written; then the same, undisturbed, is the list."""
    judge, again = Judge("lists with a ledger"), Judge("the same again")
    words = [faulty, *"list 3e6 --ledger ledger -o primes".split()]

    def run(plan, where):
        done = Run(words, plan, cwd=where)
        if done.code == 0:
            with open(os.path.join(where, "primes"), "rb") as file:
                done.out += file.read()
        return done

    def attempt(plan):
        with tempfile.TemporaryDirectory(dir=folder) as where:
            return run(plan, where), run({}, where)

    report = os.path.join(folder, "report")
    right, right_again = attempt({"FAULT_IO_REPORT": report})
    if right.code == 4:
        print("ledgers are not available here")
        return False
    with open(report, encoding="ascii") as file:
        counts = {name: int(count) for name, count in map(str.split, file)}
    if counts["fsync"] == 0 or right_again.out != right.out:
        print(f"a list with a ledger, undisturbed: {counts}, {right}, {right_again}")
        return True
    for call in ("write", "fsync", "close", "open"):
        for nth in some_of(counts[call]):
            for code in CALLS[call] if ALL else [CALLS[call][nth % len(CALLS[call])]]:
                for for_good in (False, True):
                    plan = {"FAULT_IO_CALL": call, "FAULT_IO_NTH": str(nth),
                            "FAULT_IO_ERRNO": str(code)}
                    if for_good:
                        plan["FAULT_IO_FOR_GOOD"] = "1"
                    first, second = attempt(plan)
                    name = f"{call} {nth} with {errno.errorcode[code]}"
                    judge.take(name, first, right, {5}, b"primes: ")
                    again.take(name, second, right, set())
    return judge.end() | again.end()


def limited():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def nobody():
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)


def start(faulty, words, **how):
    """Like Run, with standard streams and limits of the caller's choice."""
    done = subprocess.run([faulty, *words], timeout=60, check=False, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, **how)
    done.timed_out, done.code, done.out, done.err = False, done.returncode, b"", done.stderr
    return done


def expect(wrong, name, run, text):
    if run.code != 5 or text not in run.err:
        wrong.append(f"{name}: exit code {run.code}, {run.err[-300:]!r}, not 5 and {text!r}")
    return 1


def part_places(faulty, folder):
    """Full disks, limits, folders and files that may not be written, streams that are closed."""
    wrong, tried = [], 0
    closed = os.path.join(folder, "closed")
    os.mkdir(closed)
    os.chmod(closed, 0o555)
    kept = os.path.join(folder, "kept")
    with open(kept, "w", encoding="ascii") as file:
        file.write("x")
    os.chmod(kept, 0o444)
    os.chmod(folder, 0o755)
    is_root = os.geteuid() == 0
    # As root permissions do not count, so it is somebody else who is refused, if he may run it.
    as_nobody = {"preexec_fn": nobody} if is_root else {}
    can_be_nobody = not is_root
    if is_root:
        try:
            can_be_nobody = start(faulty, ["test", "7"], stdout=subprocess.DEVNULL,
                                  **as_nobody).code == 0
        except (OSError, subprocess.SubprocessError):
            print("the program cannot be run as nobody: permissions are not tried")
    for words in commands(faulty, folder):
        name = " ".join(words)
        if words[:2] == ["test", "-e"]:
            continue  # writes nothing
        with open("/dev/full", "wb") as full:
            tried += expect(wrong, f"{name} >/dev/full", start(faulty, words, stdout=full),
                            b"standard output: No space left on device")
        for path, text in (("/dev/full", b"/dev/full: No space left on device"),
                           (folder, b": Is a directory"),
                           (os.path.join(kept, "answers"), b"kept/answers: Not a directory"),
                           ("/proc/answers", b"/proc/answers: ")):
            tried += expect(wrong, f"{name} -o {path}",
                            start(faulty, with_output(words, path), stdout=subprocess.DEVNULL), text)
        tried += expect(wrong, f"{name} >&-",
                        start(faulty, words, preexec_fn=lambda: os.close(1)),
                        b"standard output: Bad file descriptor")
        if words[0] in ("list", "compare") or "json" in words or "--input" in words:
            path = os.path.join(folder, "limited")
            run = start(faulty, with_output(words, path), stdout=subprocess.DEVNULL,
                        preexec_fn=limited)
            if "--count" not in words:
                tried += expect(wrong, f"{name} -o FILE, RLIMIT_FSIZE", run,
                                b"limited: File too large")
        if can_be_nobody:
            tried += expect(wrong, f"{name} -o in a read-only folder",
                            start(faulty, with_output(words, os.path.join(closed, "answers")),
                                  stdout=subprocess.DEVNULL, **as_nobody),
                            b"closed/answers: Permission denied")
            tried += expect(wrong, f"{name} -o a read-only file",
                            start(faulty, with_output(words, kept), stdout=subprocess.DEVNULL,
                                  **as_nobody), b"kept: Permission denied")
    for path, text in (("/dev/full", b"No space left on device"), (folder, b"Is a directory"),
                       (os.path.join(kept, "page"), b"Not a directory"), ("/proc/page", b"")):
        words = f"compare --runs 1 --warmup 0 --backend serial --report {path} -- count 1e4"
        tried += expect(wrong, words, start(faulty, words.split(), stdout=subprocess.DEVNULL),
                        f"{path}: ".encode() + text)
    tried += part_input(faulty, folder, wrong)
    print(f"places: {tried} tried, {len(wrong)} outcomes that are not allowed")
    print("\n".join(wrong[:20]))
    return bool(wrong)


def part_input(faulty, folder, wrong):
    """Input that is no input."""
    cases = [({"stdin": os.open(folder, os.O_RDONLY)}, b"standard input: Is a directory"),
             ({"preexec_fn": lambda: os.close(0)}, b"standard input: Bad file descriptor")]
    for how, text in cases:
        for more in ([], ["--count"], ["-e"], ["--input-format", "u64"], ["--format", "json"]):
            done = subprocess.run([faulty, "test", *more], capture_output=True, timeout=60,
                                  check=False, **{"stdin": subprocess.DEVNULL, **how})
            if done.returncode != 5 or text not in done.stderr:
                wrong.append(f"test {' '.join(more)}, {text}: {done.returncode}, {done.stderr!r}")
    for path, text in ((folder, b"Is a directory"), ("/nonesuch", b"No such file"),
                       ("/proc/self/mem", b"/proc/self/mem: ")):
        done = Run([faulty, "test", "--input", path])
        if done.code != 5 or text not in done.err:
            wrong.append(f"test --input {path}: {done}")
    return 13


def main():
    faulty = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        bad = part_calls(faulty, folder)
        bad |= part_ledger(faulty, folder)
        bad |= part_places(faulty, folder)
    return int(bad)


sys.exit(main())
