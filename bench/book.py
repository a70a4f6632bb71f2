#!/usr/bin/env python3
"""The book's workload in the book's language, against the same method in parprime.

Both decide by trial division which of 10^13 … 10^13+500 are prime, on one core, taking turns;
each times its own loop, so neither start-up counts. Prints medians and their ratio.

Usage: bench/book.py [PROGRAM] [ROUNDS]     (default: build/parprime, 7 rounds)
"""
import json
import math
import os
import statistics
import subprocess
import sys
import time

FIRST, LAST = 10**13, 10**13 + 500


def is_prime(n):
    """The definition: no odd divisor up to the square root."""
    if n < 2:
        return False
    if n == 2:
        return True
    if n % 2 == 0:
        return False
    for divisor in range(3, math.isqrt(n) + 1, 2):
        if n % divisor == 0:
            return False
    return True


def run_python():
    begin = time.perf_counter()
    primes = [n for n in range(FIRST, LAST + 1) if is_prime(n)]
    return time.perf_counter() - begin, primes


def run_parprime(program, *options):
    words = [program, "list", str(FIRST), str(LAST), "--method", "trial", "--format", "json", "-q"]
    document = json.loads(subprocess.run(words + list(options), check=True,
                                         stdout=subprocess.PIPE).stdout)
    return document["results"][0]["seconds"], [int(p) for p in document["primes"]]


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/parprime"
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 7
    forms = {
        "Python, one core": run_python,
        "parprime serial": lambda: run_parprime(program, "--backend", "serial"),
        "parprime openmp": lambda: run_parprime(program, "--backend", "openmp"),
    }
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
    times = {name: [] for name in forms}
    answers = set()
    for _ in range(rounds):
        for name, form in forms.items():
            if name != "parprime openmp" and hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, cores[:1])
            seconds, primes = form()
            if hasattr(os, "sched_setaffinity"):
                os.sched_setaffinity(0, cores)
            times[name].append(seconds)
            answers.add(tuple(primes))
    if len(answers) != 1:
        print("the answers differ", file=sys.stderr)
        return 3
    base = statistics.median(times["Python, one core"])
    print(f"{len(answers.pop())} primes in {FIRST} … {LAST}, {rounds} rounds, "
          f"Python {sys.version.split()[0]}, {len(cores)} cores")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"  {name:18} {1e3 * median:9.2f} ms  ({1e3 * min(values):.2f} … "
              f"{1e3 * max(values):.2f})  {base / median:6.1f}×")
    return 0


if __name__ == "__main__":
    sys.exit(main())
