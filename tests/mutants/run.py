#!/usr/bin/env python3
"""Deliberate faults, each of which the tests must notice.

run.py --check            every fault of the list can still be planted: its text is there, once
run.py [WORD...]          plants one after the other (those whose title or file has a WORD) in a copy
                          of the tree, builds, runs the tests named for it until one fails, and
                          takes it out again

Says for each which test noticed it. Exit code 1 if one was not noticed, or did not compile. The
copy and its build are kept in build-mutants, so that a second run is quick; ccache is used if it is
there.
"""
import os
import re
import shutil
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORK = os.path.join(ROOT, "build-mutants")
TREE, BUILD = os.path.join(WORK, "tree"), os.path.join(WORK, "build")
# Also for a fault that makes a test wait for ever.
TEST_SECONDS = "240"


class Fault:
    def __init__(self, title):
        self.title, self.needs = title, None

    def planted_in(self, text):
        return text.replace(self.old, self.new)


def read_list():
    faults = []
    for line in open(os.path.join(ROOT, "tests/mutants/list")):
        line = line.rstrip("\n")
        if not line or line.startswith("#"):
            continue
        word, rest = line[:2].strip(), line[2:]
        if line.startswith("["):
            faults.append(Fault(line.strip("[]")))
        elif line.startswith("in "):
            faults[-1].file = line[3:]
        elif line.startswith("by "):
            faults[-1].tests = line[3:].split()
        elif line.startswith("needs "):
            faults[-1].needs = line[6:]
        elif word == "-":
            faults[-1].old = rest.replace("\\n", "\n")
        elif word == "+" or line == "+":
            faults[-1].new = rest.replace("\\n", "\n")
        else:
            sys.exit(f"tests/mutants/list: what is this? {line}")
    return faults


def check(faults):
    wrong = 0
    for fault in faults:
        n = open(os.path.join(ROOT, fault.file)).read().count(fault.old)
        if n != 1:
            print(f"{fault.file}: the text of the fault '{fault.title}' is there {n} times, not once")
            wrong += 1
    print(f"{len(faults)} faults, {wrong} of which cannot be planted")
    return wrong == 0


def command(words, **options):
    return subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def must(words, **options):
    done = command(words, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(words)}:\n{done.stdout[-4000:]}")


def copy_tree():
    """What git would commit, only where it differs, so that little is built anew."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    names = {name.decode() for name in listed.split(b"\0") if name}
    for folder, _, files in os.walk(TREE):
        for name in files:
            path = os.path.join(folder, name)
            if os.path.relpath(path, TREE) not in names:
                os.remove(path)
    for name in names:
        source, target = os.path.join(ROOT, name), os.path.join(TREE, name)
        if not os.path.isfile(source):
            continue
        data = open(source, "rb").read()
        if os.path.isfile(target) and open(target, "rb").read() == data:
            continue
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy(source, target)


def targets(tests):
    """Build targets: unit tests and the like are programs of their names, others need the program."""
    return [test if re.match(r"(unit|conformance|differential|fuzz)_", test) else "all" for test in tests]


def build(tests):
    return command(["cmake", "--build", BUILD, "--target", *sorted(set(targets(tests)))])


def fails(test):
    done = command(["ctest", "--test-dir", BUILD, "-R", f"^{test}$", "--timeout", TEST_SECONDS,
                    "--no-tests=error"])
    if "No tests were found" in done.stdout:
        return None
    return done.returncode != 0


def prove_sound(test, sound):
    """A test that fails by itself notices nothing."""
    if test in sound:
        return
    done = build([test])
    if done.returncode != 0:
        sys.exit(done.stdout[-4000:])
    if fails(test):
        sys.exit(f"{test} fails without any fault")
    sound.add(test)


def main(words):
    faults = read_list()
    if words == ["--check"]:
        sys.exit(0 if check(faults) else 1)
    if not check(faults):
        sys.exit(1)
    faults = [f for f in faults if not words or any(w in f.title or w in f.file for w in words)]
    processor = open("/proc/cpuinfo").read() if os.path.exists("/proc/cpuinfo") else ""
    os.makedirs(TREE, exist_ok=True)
    copy_tree()
    if shutil.which("ccache"):
        os.environ.setdefault("CMAKE_C_COMPILER_LAUNCHER", "ccache")
    os.environ["POCL_CACHE_DIR"] = os.path.join(WORK, "pocl")
    os.makedirs(os.environ["POCL_CACHE_DIR"], exist_ok=True)
    # A build that is quickly made: -O1, and no warnings, since faults leave things unused.
    must(["cmake", "-S", TREE, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=None",
          "-DCMAKE_C_FLAGS=-O1 -w"])
    sound = set()  # tests that pass without a fault
    caught = survived = left_out = 0
    for fault in faults:
        if fault.needs and not re.search(rf"\b{fault.needs}(f|\b)", processor):
            print(f"left out: {fault.title}: there is no {fault.needs} here")
            left_out += 1
            continue
        prove_sound(fault.tests[0], sound)
        path = os.path.join(TREE, fault.file)
        original = open(path).read()
        begin = time.monotonic()
        try:
            with open(path, "w") as file:
                file.write(fault.planted_in(original))
            verdict = "SURVIVED"
            for test in fault.tests:
                done = build([test])
                if done.returncode != 0:
                    verdict = "DOES NOT COMPILE\n" + done.stdout[-2000:]
                    break
                if fails(test):
                    verdict = f"caught by {test}"
                    break
        finally:
            with open(path, "w") as file:
                file.write(original)
        if verdict.startswith("caught"):
            prove_sound(test, sound)
        caught += verdict.startswith("caught")
        survived += not verdict.startswith("caught")
        print(f"{verdict}: {fault.title} ({fault.file}, {time.monotonic() - begin:.0f} s)", flush=True)
    print(f"{caught} faults caught, {survived} not, {left_out} left out")
    sys.exit(1 if survived else 0)


main(sys.argv[1:])
