"""What the drivers of faults share: running the program, and judging what it did.

An outcome is allowed or it is not, whatever the fault was:

- exit code 0 and the right answer, or
- a code of the contract that says what is the matter, words on standard error, and at most the
  beginning of the right answer on standard output,

within bounded time, without a crash. Never a wrong answer, or a part of one, with exit code 0.
"""

import concurrent.futures
import csv
import io
import json
import os
import re
import subprocess
import sys

ALL = os.environ.get("PARPRIME_TEST_ALL") == "1"

# What differs from run to run, in any format.
TIMES = re.compile(rb"\d+\.\d+(e[-+]?\d+)?")


class Run:
    """One run of a program: code (negative: the signal), out, err, timed_out."""

    def __init__(self, words, environment=None, stdin=b"", timeout=60, cwd=None):
        self.words = words
        surroundings = {key: value for key, value in os.environ.items()
                        if not key.startswith(("FAULT_", "OMP_"))}
        surroundings.update(environment or {})
        try:
            done = subprocess.run(words, env=surroundings, input=stdin, timeout=timeout, cwd=cwd,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
            self.timed_out = False
        except subprocess.TimeoutExpired as error:
            self.code, self.out, self.err = None, error.stdout or b"", error.stderr or b""
            self.timed_out = True

    def __str__(self):
        return (f"exit code {'none: it hangs' if self.timed_out else self.code}\n"
                f"  stdout: {self.out[:300]!r}\n  stderr: {self.err[-600:]!r}")


def essence(out):
    """What of the output must be the same in every run: its shape, and its answers."""
    try:
        return shape(json.loads(out))
    except ValueError:
        pass
    if out.startswith(b"job,backend,"):  # compare's table: what bounds a run is measured, too
        rows = csv.DictReader(io.StringIO(out.decode()))
        return [[row[key] for key in ("job", "backend", "method", "to", "count", "digest")]
                for row in rows]
    if b"cores allowed" in out:  # compare: which phases it shows depends on how long they took
        return b"\n".join(line for line in out.splitlines() if b"digest" in line or b"digits" in line)
    return TIMES.sub(b"#", out)


# What a run may say differently each time.
UNSTABLE = {"device", "seconds", "cpu_seconds", "load", "median", "lower", "upper", "ratio", "speedup",
            "interval", "mean", "units", "threads", "verified", "retried", "fault", "verdict", "warnings", "timelines",
            "environment", "clock_mhz", "bound", "lessons", "distinguishable"}


def shape(value, name=""):
    if name in UNSTABLE or value is None or isinstance(value, (float, bool)):
        return "measured"
    if name == "output_bound":  # what could not write is left out of it, but none may be wrong
        return sorted({result["digest"] for result in value["results"]})
    if name == "selftest" and "memory" in value:  # devices says why a session did not open
        return "passed"
    if isinstance(value, dict):
        return {key: shape(inner, key) for key, inner in sorted(value.items())}
    if isinstance(value, list):
        return [shape(inner, name) for inner in value]
    return value


def difference(found, right, path=""):
    """The first place where two essences differ, in words."""
    if isinstance(found, dict) and isinstance(right, dict):
        for key in sorted({*found, *right}):
            if found.get(key) != right.get(key):
                return difference(found.get(key), right.get(key), f"{path}.{key}")
    if isinstance(found, list) and isinstance(right, list) and len(found) == len(right):
        for index, (one, other) in enumerate(zip(found, right)):
            if one != other:
                return difference(one, other, f"{path}[{index}]")
    return f"{path}: {str(found)[:300]} instead of {str(right)[:300]}"


class Judge:
    """Counts outcomes and keeps what was not allowed."""

    def __init__(self, what):
        self.what, self.outcomes, self.wrong = what, {}, []

    def take(self, name, run, right, codes, says=b"parprime: "):
        """right: an undisturbed Run; codes: those that the contract has for this failure."""
        self.outcomes[run.code] = self.outcomes.get(run.code, 0) + 1
        why = None
        if run.timed_out:
            why = "it hangs"
        elif run.code == right.code:
            if run.out != right.out and essence(run.out) != essence(right.out):
                why = f"exit code {run.code} and another answer" + difference(
                    essence(run.out), essence(right.out))
        elif run.code not in codes:
            why = f"not one of the codes {sorted(codes)}"
        elif says not in run.err:
            why = f"nothing on standard error that says {says!r}"
        if why:
            self.wrong.append(f"{name}: {why}\n  {run}")

    def end(self):
        total = sum(self.outcomes.values())
        print(f"{self.what}: {total} faults; exit codes " +
              ", ".join(f"{'hang' if code is None else code}: {n}" for code, n in
                        sorted(self.outcomes.items(), key=lambda item: str(item[0]))))
        for text in self.wrong[:20]:
            print(text)
        if self.wrong:
            print(f"{len(self.wrong)} outcomes that are not allowed")
        sys.stdout.flush()
        return bool(self.wrong)


def in_parallel(jobs):
    """Runs functions on as many threads as there are cores, and gives what they return in order."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(lambda job: job(), jobs))


def chosen(numbers, most, always=False):
    """All of them, or up to `most` that are spread over them, with the first and the last."""
    numbers = list(numbers)
    if (ALL and not always) or len(numbers) <= most:
        return numbers
    return sorted({numbers[round(i * (len(numbers) - 1) / (most - 1))] for i in range(most)}) if most > 1 else numbers[:1]
