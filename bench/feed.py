#!/usr/bin/env python3
"""What the program takes beyond the library: `parprime test --count` on a file against pp_test on
the same numbers in memory.

Measures a file of 10^8 random odd 64-bit numbers (--input-format u64) and one of 10^7 as decimal
text. The program's time is that of the whole process, its file in the page cache; the library's is
that of pp_test alone, in bench/batch, after one run to warm up. Both take turns. Prints medians,
most memory (resident, of a run), and how they stand to the goals; exits 3 when counts differ.
"""
import argparse
import array
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

GOAL_RATIO, GOAL_SECONDS, GOAL_MIB = 1.3, 0.5, 100
CHUNK = 1 << 15  # numbers; few, since Linux counts a child's memory from its parent's on


def make_files(folder, n_binary, n_text, seed):
    """Random odd numbers, the text's being the first of the others; also these in binary."""
    generator = random.Random(seed)
    names = [os.path.join(folder, name) for name in ("numbers.u64", "few.u64", "few.txt")]
    with open(names[0], "wb") as binary, open(names[1], "wb") as few, open(names[2], "w") as text:
        for begin in range(0, n_binary, CHUNK):
            n = min(CHUNK, n_binary - begin)
            odd = int.from_bytes(b"\1\0\0\0\0\0\0\0" * n, "little")
            block = (generator.getrandbits(64 * n) | odd).to_bytes(8 * n, "little")
            binary.write(block)
            if begin < n_text:
                block = block[: 8 * (n_text - begin)]
                few.write(block)
                numbers = array.array("Q", block)
                if sys.byteorder == "big":
                    numbers.byteswap()
                text.write("\n".join(map(str, numbers)) + "\n")
    return names


def run_program(words):
    """Seconds, those of the CPU, MiB and the answer of one process."""
    with tempfile.TemporaryFile() as out:
        begin = time.perf_counter()
        process = subprocess.Popen(words, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit(f"{' '.join(words)}: exit code {process.returncode}")
        out.seek(0)
        cpu_seconds = usage.ru_utime + usage.ru_stime
        return seconds, cpu_seconds, usage.ru_maxrss / 1024, int(out.read())


def run_library(options, path):
    words = [options.batch, "--library-file", path, "--runs", "1"]
    words += ["--backend", options.backend] if options.backend else []
    words += ["--threads", str(options.threads)] if options.threads else []
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def measure(options, name, path, form, library_path):
    words = [options.program, "test", "--count", "-q", "--input", path, "--input-format", form]
    words += ["--backend", options.backend] if options.backend else []
    words += ["--threads", str(options.threads)] if options.threads else []
    program, library, memory = [], [], []
    program_cpu, library_cpu = [], []
    for turn in range(options.runs + 1):
        theirs = run_library(options, library_path)
        seconds, cpu_seconds, mib, count = run_program(words)
        if count != theirs["primes"]:
            print(f"{name}: the program counts {count} primes, pp_test {theirs['primes']}",
                  file=sys.stderr)
            sys.exit(3)
        if turn:  # the first is to warm up
            program.append(seconds)
            program_cpu.append(cpu_seconds)
            library.append(theirs["median"])
            library_cpu.append(theirs["cpu_median"])
            memory.append(mib)
    result = {
        "name": name, "command": words[1:], "numbers": theirs["numbers"], "primes": count,
        "backend": theirs["backend"], "threads": theirs["threads"], "simd": theirs["simd"],
        "program_seconds": program, "library_seconds": library, "mib": memory,
        "program_cpu_seconds": program_cpu, "library_cpu_seconds": library_cpu,
        "ratio": statistics.median(program) / statistics.median(library),
        "beyond_seconds": statistics.median(program) - statistics.median(library),
    }
    print(f"\n{name}: {result['numbers']} numbers, {count} prime by both "
          f"({result['backend']}, {result['threads']} threads, {result['simd']})\n")
    for what, values, cpu in (("parprime test --count", program, program_cpu),
                              ("pp_test", library, library_cpu)):
        print(f"  {what:22} {statistics.median(values):8.3f} s   "
              f"({min(values):.3f} … {max(values):.3f})   "
              f"{1e9 * statistics.median(values) / result['numbers']:8.2f} ns each   "
              f"{statistics.median(cpu):.3f} s of CPU")
    print(f"  ratio {result['ratio']:.3f}, {result['beyond_seconds']:.3f} s beyond pp_test, "
          f"at most {max(memory):.1f} MiB")
    return result


def verdict(what, value, goal, unit):
    met = "met" if value <= goal else "missed"
    print(f"  {what}: {value:.3f}{unit}, goal {goal}{unit}: {met}")
    return {"what": what, "value": value, "goal": goal, "met": value <= goal}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/parprime")
    parser.add_argument("--batch", default="build/bench/batch")
    parser.add_argument("--runs", type=int, default=5, help="timed runs of each (5)")
    parser.add_argument("--scale", type=int, default=1, help="files of 1/SCALE of the size")
    parser.add_argument("--backend", help="for both: auto (the default), serial, openmp")
    parser.add_argument("--threads", type=int, help="for both")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", help="where the files go, 1.1 GB (default: a temporary one)")
    parser.add_argument("--json", help="all figures, with every run's, into this file")
    options = parser.parse_args()
    if options.runs < 1 or options.scale < 1:
        parser.error("--runs and --scale are at least 1")

    folder = tempfile.mkdtemp(dir=options.folder)
    try:
        paths = make_files(folder, 10**8 // options.scale, 10**7 // options.scale, options.seed)
        version = subprocess.run([options.program, "--version"], check=True,
                                 stdout=subprocess.PIPE, text=True).stdout
        print(version + f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}, "
              f"seed {options.seed}, {options.runs} runs each after one to warm up, taking turns")
        if options.scale > 1:
            print(f"warning: files of 1/{options.scale} of their size; not for quoting")
        binary = measure(options, "64-bit file", paths[0], "u64", paths[0])
        text = measure(options, "text", paths[2], "text", paths[1])
    finally:
        shutil.rmtree(folder)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\ngoals (memory below {own:.0f} MiB, this script's own, would not be seen)")
    goals = [
        verdict("64-bit file, time over pp_test's", binary["ratio"], GOAL_RATIO, ""),
        verdict("text, time beyond pp_test's", text["beyond_seconds"], GOAL_SECONDS, " s"),
        verdict("64-bit file, memory", max(binary["mib"]), GOAL_MIB, " MiB"),
        verdict("text, memory", max(text["mib"]), GOAL_MIB, " MiB"),
    ]
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"program": "bench/feed.py", "version": version, "seed": options.seed,
                       "scale": options.scale, "measured": [binary, text], "goals": goals},
                      file, indent=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
