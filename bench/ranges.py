#!/usr/bin/env python3
"""Counting and listing ranges: parprime against primesieve, in one run on one machine, every answer
held against every other before any ratio is printed.

Five sections: program against program, with the start of the process; the start alone; library
against library in one process; walking prime by prime with an iterator, likewise; listing into a
pipe, a file and /dev/null. bench/README.md says how to use it. Exit codes: 2 usage, 3 answers
differ, 4 something named is not here, 6 it broke.
"""
import argparse
import hashlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

from ranges_report import Report, summarise, threads_text

TOP = 2**64 - 1

# Goals: primesieve's time over parprime's, at least, for (one thread, more threads). A row is long
# when several threads should pay: they have a goal of their own.
ROWS = [
    # name, lo, length, goals, long
    ("[0,1e9]", 0, 10**9, (1.0, 1.0), True),
    ("[0,1e10]", 0, 10**10, (1.0, 1.0), True),
    ("1e12+1e9", 10**12, 10**9, (1.2, 1.2), True),
    ("1e13+1e9", 10**13, 10**9, (1.2, 1.2), True),
    ("1e16+1e9", 10**16, 10**9, (1.3, 1.3), True),
    ("1e18+1e9", 10**18, 10**9, (1.8, 2.5), True),
    ("2^64-1e9", None, 10**9, (2.0, 4.0), True),
    ("1e13+500", 10**13, 500, None, False),
    ("1e16+500", 10**16, 500, (10, 10), False),
    ("1e18+1e4", 10**18, 10**4, (80, 80), False),
    ("1e19+1e6", 10**19, 10**6, (80, 80), False),
    ("1e19+1e7", 10**19, 10**7, (15, 15), False),
]
# Walked prime by prime: primesieve's iterator has one thread, so that is what both are given.
WALKED = [
    ("[0,1e9]", 0, 10**9, (1.0, None), True),
    ("1e12+1e8", 10**12, 10**8, (1.0, None), True),
    ("1e13+1e9", 10**13, 10**9, (1.0, None), True),
    ("1e16+1e9", 10**16, 10**9, (1.0, None), True),
    ("1e18+1e9", 10**18, 10**9, (1.0, None), True),
    ("1e13+500", 10**13, 500, (1.0, None), False),
    ("1e18+1e4", 10**18, 10**4, (1.0, None), False),
    ("1e19+1e7", 10**19, 10**7, (1.0, None), False),
]
# Goals: parprime's time over primesieve's, at most, into a pipe.
LISTED = [("[0,1e9]", 0, 10**9, 0.35, True), ("1e18+1e8", 10**18, 10**8, 0.5, True)]
GOAL_THREADS, GOAL_START_SECONDS, GOAL_MIB = 1.85, 0.002, 96
SINKS = ("pipe", "file", "null")
SECTIONS = ("programs", "start", "libraries", "walks", "lists")
LIBRARY_LIST_MOST = 10**9  # numbers: eight bytes for each prime among them are kept
SHORT_SECONDS, SHORT_TIMES = 0.05, 5  # runs this short are done so many times as often
# Who takes this many times as long as the base's slowest is left out of a row, but not before FAIR.
SLOW, FAIR = 20, 3.0
PI_SECONDS = 3e-11  # times hi^(2/3): less than method pi takes, see map.c


def stop(code, message):
    print(f"ranges: {message}", file=sys.stderr)
    sys.exit(code)


class Row:
    def __init__(self, name, lo, length, goals=None, is_long=False, scale=1):
        length = max(length // scale, 1)
        self.name, self.goals, self.long = name, goals, is_long
        self.lo = TOP - length if lo is None else lo
        self.hi = self.lo + length
        if self.hi > TOP:
            stop(2, f"{name} ends above 2^64-1")

    def about(self):
        return f"{self.lo} to {self.hi}"


def number(text):
    """A number as the program reads it: 1e12, 2^60, 10**12, 500, a sum or difference of such."""
    match = re.fullmatch(r"(\d+)(?:(e|\^|\*\*)(\d+))?", text)
    if not match:
        stop(2, f"'{text}' is not a number")
    base, sign, power = int(match[1]), match[2], int(match[3] or 0)
    return base * 10**power if sign == "e" else base**power if sign else base


def rows_named(words, table, scale):
    """Rows of the table by name, 'long', 'short', or others: [LO,HI], LO+LENGTH, 2^64-LENGTH."""
    known = {row[0]: row for row in table}
    chosen = []
    for word in words or list(known):
        if word in ("long", "short"):
            chosen += [row for row in table if row[4] == (word == "long")]
        elif word in known:
            chosen.append(known[word])
        elif match := re.fullmatch(r"\[(.+),(.+)\]", word):
            lo, hi = number(match[1]), number(match[2])
            if lo > hi:
                stop(2, f"{word} begins after its end")
            chosen.append((word, lo, hi - lo, None, False))
        elif match := re.fullmatch(r"2\^64-(.+)", word):
            chosen.append((word, None, number(match[1]), None, False))
        elif match := re.fullmatch(r"(.+)\+(.+)", word):
            chosen.append((word, number(match[1]), number(match[2]), None, False))
        else:
            stop(2, f"'{word}' is no row: {', '.join(known)}, [LO,HI], LO+LENGTH or 2^64-LENGTH")
    return [Row(*row, scale=scale) for row in chosen]


class Runner:
    """A process of bench/range_runner, which does what is timed."""

    def __init__(self, program, core):
        try:
            self.process = subprocess.Popen([program], stdin=subprocess.PIPE, text=True,
                                            stdout=subprocess.PIPE)
        except OSError as error:
            stop(4, f"{program}: {error.strerror} (cmake --build build --target bench)")
        self.about = self.ask(task="environment", core=core)

    def ask(self, **request):
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (OSError, ValueError):
            stop(6, f"the runner ended during {request}")


# ---- contestants ----------------------------------------------------------------------------------


class Contestant:
    """One way of answering, with one number of threads."""

    copies = False

    def __init__(self, name, label, threads, own, origin=""):
        self.name, self.label, self.threads, self.own, self.origin = name, label, threads, own, origin
        self.base = False
        self.left_out = None  # why, on the present row


class Program(Contestant):
    def __init__(self, name, label, threads, own, words, origin=""):
        super().__init__(name, label, threads, own, origin)
        self.words = words

    def command(self, row, question, threads=None):
        if self.own:
            # A device has its own units, which may not be ours to choose.
            threads = [] if "--backend=opencl" in self.words else [
                "-t", str(threads or self.threads)]
            return ([self.words[0], question, str(row.lo), str(row.hi), "-q"] + threads
                    + self.words[1:])
        return (self.words + [str(row.lo), str(row.hi), "-q", "-t", str(self.threads)]
                + (["-p"] if question == "list" else []))

    def run(self, runner, row, question, cap, sink="text"):
        answer = runner.ask(task="program", words=self.command(row, question), sink=sink, cap=cap,
                            threads=self.threads)
        if answer.get("late"):
            return {"error": "late"}
        if "error" not in answer and answer["exit"] == 4:
            complaint = answer["stderr"].strip().split("\n")[0]
            return {"error": complaint or "exit code 4"}
        if "error" in answer or answer["exit"] != 0:
            stop(6, f"{self.name}: {' '.join(self.command(row, question))}: "
                 + (answer.get("error") or f"exit code {answer['exit']}: {answer['stderr']}"))
        # Of a program that says anything but a number this is its answer, which nobody shares.
        answer["answer"] = (answer["text"].strip(),)
        return answer


class Copies(Program):
    """A thread each for as many processes at once: what the cores give when nothing is shared."""

    copies = True

    def run(self, runner, row, question, cap):
        answer = runner.ask(task="copies", words=self.command(row, question, 1), cap=cap,
                            copies=self.threads)
        if "error" in answer:
            stop(6, f"{self.name}: {' '.join(self.command(row, question, 1))}: {answer['error']}")
        answer["answer"] = (answer["text"].strip(),)
        return {"error": "late"} if answer["late"] else answer


class Library(Contestant):
    def __init__(self, name, label, threads, own, which, origin=""):
        super().__init__(name, label, threads, own, origin)
        self.which, self.ran = which, None

    def run(self, runner, row, question, cap):
        # libprimecount cannot be stopped, and only a process can be killed.
        if self.name.startswith("method=pi") and PI_SECONDS * row.hi ** (2 / 3) > cap:
            return {"error": "late"}
        answer = runner.ask(task="call", call=question, lo=str(row.lo), hi=str(row.hi),
                            threads=self.threads, cap=cap, **self.which)
        if "error" not in answer:
            answer["answer"] = (answer["count"], answer.get("checksum"))
            self.ran = answer.get("ran")
        return answer


def find_primesieve(place):
    """The program in a folder, or that file."""
    for path in (place, f"{place}/primesieve", f"{place}/bin/primesieve",
                 f"{place}/build/primesieve"):
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    stop(4, f"there is no primesieve in {place}")


def version_of(program):
    done = subprocess.run([program, "--version"], stdout=subprocess.PIPE, text=True, check=False)
    match = re.search(r"primesieve (\d+\.\d+)", done.stdout)
    return match[1] if match else "unknown"


def library_beside(program):
    folder = os.path.dirname(os.path.realpath(program))
    for path in (f"{folder}/libprimesieve.so", f"{folder}/../lib/libprimesieve.so"):
        if os.path.exists(path):
            return path
    return None


def own_variants(options):
    """(name, label, session's options) of every way to call parprime; the first is auto."""
    variants = [("parprime", "parprime", {})]
    methods = ["mr", "sieve", "hybrid", "pi"] if options.methods == "all" else (
        options.methods.split(",") if options.methods else [])
    levels = ["none", "avx2", "avx512"] if options.simd == "all" else (
        options.simd.split(",") if options.simd else [])
    variants += [(f"method={m}", f"parprime, {m}", {"method": m}) for m in methods]
    variants += [(f"simd={s}", f"parprime, simd {s}", {"simd": s}) for s in levels]
    variants += [(f"method={m},simd={s}", f"parprime, {m}, simd {s}", {"method": m, "simd": s})
                 for m in methods for s in levels]
    for extra in options.extra:
        words = dict(word.split("=", 1) for word in extra.split(",") if "=" in word)
        if not words or set(words) - {"backend", "device", "method", "simd"}:
            stop(2, f"--extra {extra}: backend=, device=, method=, simd=")
        variants.append((extra, "parprime, " + ", ".join(words.values()), words))
    if options.opencl:
        on_device = {"backend": "opencl"}
        if options.device:
            on_device["device"] = options.device
        variants.append(("opencl", "parprime, opencl", on_device))
        variants.append(("openmp-none", "parprime, openmp, simd none",
                         {"backend": "openmp", "simd": "none"}))
    return variants


class Bench:
    def __init__(self, options):
        self.options = options
        self.programs = Runner(options.runner, options.core)
        self.about = self.programs.about
        self.cores = self.about["cores"]
        self.random = random.Random(options.seed)
        self.peers = []  # (name, program, library file), the last being the base
        installed = None if options.given_only else shutil.which("primesieve")
        if installed:
            version = version_of(installed)
            self.peers.append((f"primesieve-{version}", f"primesieve {version}", installed,
                               library_beside(installed) or "libprimesieve.so.11"))
        for place in options.primesieve:
            program = find_primesieve(place)
            version = version_of(program)
            name = f"primesieve-{version}"
            while name in [peer[0] for peer in self.peers]:
                name += "-other"
            self.peers.append((name, f"primesieve {version}", program, library_beside(program)))
        self.left_out = []
        if not self.peers:
            self.left_out.append("primesieve: not installed, and none given with --primesieve")
        self.threads = [1]
        if options.threads > self.cores:
            self.left_out.append(f"{options.threads} threads: only {self.cores} cores allowed")
        elif options.threads > 1:
            self.threads.append(options.threads)
        if options.only_threads:
            self.threads = [options.threads]

    def base_is(self, contestants):
        """The newest primesieve, else parprime itself."""
        names = [contestant.name for contestant in contestants]
        base = next((peer[0] for peer in reversed(self.peers) if peer[0] in names), "parprime")
        for contestant in contestants:
            contestant.base = contestant.name == base
        return contestants

    def program_contestants(self, variants):
        found = []
        for threads in self.threads:
            for name, label, program, _ in self.peers:
                found.append(Program(name, label, threads, False, [program],
                                     os.path.realpath(program)))
            for name, label, words in variants:
                words = [f"--{key}={value}" for key, value in words.items()]
                if "--backend=opencl" in words and threads != self.threads[-1]:
                    continue
                found.append(Program(name, label, threads, True, [self.options.program] + words))
        return self.base_is(found)

    def library_contestants(self, numbers_of_threads):
        runner = Runner(self.options.runner, self.options.core)
        found = []
        for name, label, _, file in self.peers:
            loaded = runner.ask(task="library", file=file) if file else {"error": "no library beside"}
            if "error" in loaded:
                self.left_out.append(f"lib{name}: {loaded['error']}")
                continue
            for threads in numbers_of_threads:
                found.append(Library(name, f"libprimesieve {loaded['version']}", threads, False,
                                     {"library": loaded["id"]}, loaded["file"]))
        for threads in numbers_of_threads:
            for name, label, words in own_variants(self.options):
                if words.get("backend") == "opencl" and threads != numbers_of_threads[-1]:
                    continue
                asked = 0 if words.get("backend") == "opencl" else threads
                opened = runner.ask(task="session", threads=asked, **words)
                if "error" in opened:
                    self.left_out.append(f"lib{label}, {threads_text(threads)}: {opened['error']}")
                    continue
                found.append(Library(name, "lib" + label, threads, True, {"session": opened["id"]}))
        return runner, self.base_is(found)

    # ---- measuring ----

    def one_run(self, contestant, run, answers, cap):
        """A checked run, or None when the contestant cannot or takes too long."""
        result = run(contestant, cap)
        if result.get("error") == "late":
            contestant.left_out = f"takes more than {cap:.3g} s"
            return None
        if "error" in result:
            contestant.left_out = result["error"]
            return None
        if "answer" in result:
            answers.setdefault(result["answer"], f"{contestant.name} with {threads_text(contestant.threads)}")
        return result

    def compare(self, what, contestants, run):
        """Runs all contestants in rounds. Returns what was measured of each."""
        options, answers = self.options, {}
        for contestant in contestants:
            contestant.left_out = None
        slowest, runs = 0, {}
        # To warm up, and to see who takes too long: the base first.
        for contestant in sorted(contestants, key=lambda c: not c.base):
            cap = options.cap
            if slowest and not contestant.base:
                cap = min(cap, max(FAIR, SLOW * slowest))
            result = self.one_run(contestant, run, answers, cap)
            if result:
                short = result["seconds"] < SHORT_SECONDS
                runs[contestant] = options.runs * (SHORT_TIMES if short else 1)
                slowest = max(slowest, result["seconds"] if contestant.base else 0)
            if len(answers) > 1:
                self.disagree(what, answers)
        kept = {contestant: [] for contestant in runs}
        for turn in range(max(runs.values(), default=0)):
            # Long ones take part in some of the rounds, evenly.
            now = [c for c, n in runs.items() if turn % (max(runs.values()) // n) == 0]
            self.random.shuffle(now)
            for contestant in now:
                result = self.one_run(contestant, run, answers, options.cap)
                if len(answers) > 1:
                    self.disagree(what, answers)
                if result:
                    kept[contestant].append(result)
        measured = []
        for contestant in contestants:
            results = kept.get(contestant)
            if contestant.left_out or not results:
                continue
            seconds = [r["seconds"] for r in results]
            cpu = sum(r["cpu"] for r in results)
            measured.append({
                "name": contestant.name, "label": contestant.label, "base": contestant.base,
                "own": contestant.own, "copies": contestant.copies,
                "threads": contestant.threads, "seconds": seconds,
                "cpu_seconds": [r["cpu"] for r in results],
                "cpu_use": cpu / sum(seconds) / contestant.threads,
                "mib": max((r.get("mib", 0) for r in results), default=0),
                "time": summarise(seconds), "ran": getattr(contestant, "ran", None),
            })
        return measured, [c for c in contestants if c.left_out]

    def disagree(self, what, answers):
        said = "; ".join(f"{who} says {' '.join(str(part) for part in answer if part) or 'nothing'}"
                         for answer, who in answers.items())
        stop(3, f"the answers differ on {what}: {said}. No time is worth having")

    def counted(self, section, row, contestants, run, question):
        what = f"{row.name} ({row.about()}), {question}"
        answers = {}

        def remember(contestant, cap):
            result = run(contestant, cap)
            if "answer" in result:
                answers["answer"] = result["answer"]
            return result

        measured, out = self.compare(what, contestants, remember)
        return {"section": section, "row": row.name, "lo": str(row.lo), "hi": str(row.hi),
                "question": question, "goals": row.goals, "long": row.long,
                "count": answers.get("answer", ("",))[0], "measured": measured,
                "left_out": [[c.name, c.threads, c.left_out] for c in out]}

    # ---- the sections ----

    def run_programs(self, report):
        contestants = self.program_contestants(own_variants(self.options))
        report.section("programs", "Counting: program against program, with the process's start",
                       contestants)
        copies = [Copies("copies", f"parprime, {threads} processes at once", threads, True,
                         [self.options.program]) for threads in self.threads if threads > 1]
        for row in rows_named(self.options.rows, ROWS, self.options.scale):
            report.table(self.counted(
                "programs", row, contestants + (copies if row.long else []),
                lambda c, cap, row=row: c.run(self.programs, row, "count", cap), "count"))

    def run_start(self, report):
        """`parprime count 10`, on all cores as it likes, beside the least that a process takes."""
        class Words(Program):
            def command(self, row, question, threads=None):
                return self.words

        cores = self.cores
        found = [Words("parprime", "parprime count 10", cores, True,
                       [self.options.program, "count", "10"])]
        for name, label, program, _ in self.peers:
            found.append(Words(name, f"{label}: primesieve 10 -q", cores, False,
                               [program, "10", "-q"], program))
        found.append(Words("echo", "/bin/echo 4: a process", cores, False, ["/bin/echo", "4"]))
        self.base_is(found)
        report.section("start", "Starting", found)
        row = Row("start", 0, 10)
        report.table(self.counted("start", row, found,
                                  lambda c, cap: c.run(self.programs, row, "count", cap), "count"))

    def run_libraries(self, report):
        runner, contestants = self.library_contestants(self.threads)
        report.section("libraries", "Library against library, in one process", contestants)
        rows = rows_named(self.options.rows, ROWS, self.options.scale)
        for row in rows:
            report.table(self.counted(
                "libraries", row, contestants,
                lambda c, cap, row=row: c.run(runner, row, "count", cap), "count"))
        for row in [] if self.options.count_only else rows:
            if row.hi - row.lo > LIBRARY_LIST_MOST:
                report.line(f"left out: {row.name}, lists: too much memory")
                continue
            lists = Row(row.name, row.lo, row.hi - row.lo)
            report.table(self.counted(
                "libraries", lists, contestants,
                lambda c, cap, row=lists: c.run(runner, row, "list", cap), "list"))
        runner.process.stdin.close()
        runner.process.wait()

    def run_walks(self, report):
        runner, contestants = self.library_contestants([1])
        report.section("walks", "Walking prime by prime, with an iterator, in one process",
                       contestants)
        for row in rows_named(self.options.walk_rows, WALKED, self.options.scale):
            report.table(self.counted(
                "walks", row, contestants,
                lambda c, cap, row=row: c.run(runner, row, "walk", cap), "walk"))
        runner.process.stdin.close()
        runner.process.wait()

    def run_lists(self, report):
        variants = [v for v in own_variants(self.options) if v[0] == "parprime" or self.options.extra
                    and v[0] in self.options.extra]
        contestants = self.program_contestants(variants)
        report.section("lists", "Listing: bytes compared once by hash, outside the timing",
                       contestants)
        for row in rows_named(self.options.list_rows, LISTED, self.options.scale):
            hashed = {}
            for contestant in contestants:
                size, digest = hash_output(contestant, row)
                hashed.setdefault((f"{size} bytes, {digest[:16]}",),
                                  f"{contestant.name} with {threads_text(contestant.threads)}")
                if len(hashed) > 1:
                    self.disagree(f"{row.name}, listed", hashed)
            for sink in self.options.sinks.split(","):
                goal, row.goals = row.goals, None
                result = self.counted("lists", row, contestants,
                                      lambda c, cap, row=row, sink=sink, size=size:
                                      self.list_into(c, row, cap, sink, size), f"list, {sink}")
                row.goals = goal
                result.update(sink=sink, bytes=size, blake2b=digest,
                              most=goal if sink == "pipe" else None)
                report.table(result)

    def list_into(self, contestant, row, cap, sink, size):
        place = {"pipe": "cat", "null": "null"}.get(sink)
        if not place:
            place = os.path.join(self.folder, "primes.txt")
            if os.path.exists(place):
                os.unlink(place)
        result = contestant.run(self.programs, row, "list", cap, place)
        if "error" not in result:
            result["answer"] = (f"{size} bytes",)
            if sink == "file":
                result["answer"] = (f"{os.path.getsize(place)} bytes",)
                os.unlink(place)
        return result

    def run(self):
        self.folder = tempfile.mkdtemp(dir=self.options.folder)
        try:
            report = Report(self)
            for section in self.options.sections.split(","):
                getattr(self, f"run_{section}")(report)
            report.end(GOAL_THREADS, GOAL_START_SECONDS, GOAL_MIB)
        finally:
            shutil.rmtree(self.folder)


def hash_output(contestant, row):
    """Bytes and hash of what a contestant lists."""
    digest, size = hashlib.blake2b(digest_size=32), 0
    with subprocess.Popen(contestant.command(row, "list"), stdout=subprocess.PIPE) as process:
        while block := process.stdout.read(1 << 20):
            digest.update(block)
            size += len(block)
    if process.returncode != 0:
        stop(6, f"{contestant.name}: {row.name}, listed: exit code {process.returncode}")
    return size, digest.hexdigest()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", default="build/parprime")
    parser.add_argument("--runner", default="build/bench/range_runner")
    parser.add_argument("--primesieve", action="append", default=[], metavar="PLACE",
                        help="another primesieve too: the program, or the folder with it")
    parser.add_argument("--given-only", action="store_true", help="not the installed one")
    parser.add_argument("--sections", default=",".join(SECTIONS), help="of %(default)s")
    parser.add_argument("--rows", nargs="+", metavar="ROW",
                        help="names of the table, long, short, or [LO,HI], LO+LENGTH, 2^64-LENGTH")
    parser.add_argument("--count-only", action="store_true", help="no lists between libraries")
    parser.add_argument("--list-rows", nargs="+", metavar="ROW", help="the same for listing")
    parser.add_argument("--walk-rows", nargs="+", metavar="ROW", help="and for walking")
    parser.add_argument("--sinks", default=",".join(SINKS), help="of listing: %(default)s")
    parser.add_argument("--threads", type=int, default=2, help="beside one (2)")
    parser.add_argument("--only-threads", action="store_true", help="not on one thread too")
    parser.add_argument("--methods", metavar="LIST", help="parprime by each method too: all, or mr,…")
    parser.add_argument("--simd", metavar="LIST", help="on each level too: all, or none,…")
    parser.add_argument("--opencl", action="store_true",
                        help="the opencl backend too, and openmp without SIMD beside it")
    parser.add_argument("--device", help="of --opencl, an id or a part of its name")
    parser.add_argument("--extra", action="append", default=[], metavar="WORDS",
                        help="another way too: backend=openmp,method=sieve,simd=avx2")
    parser.add_argument("--runs", type=int, default=9,
                        help=f"timed runs of each (9); {SHORT_TIMES} times as many of short rows")
    parser.add_argument("--scale", type=int, default=1, help="ranges of 1/SCALE of their length")
    parser.add_argument("--cap", type=float, default=120, help="seconds a run may take (120)")
    parser.add_argument("--seed", type=int, default=1, help="of the order of the runs")
    parser.add_argument("--core", type=int, default=-1, help="for one thread (the last one allowed)")
    parser.add_argument("--folder", help="where lists are written (default: a temporary one)")
    parser.add_argument("--output", help="the tables as Markdown, into this file")
    parser.add_argument("--json", help="all figures, with every run's, into this file")
    options = parser.parse_args()
    if min(options.runs, options.scale, options.threads) < 1:
        parser.error("--runs, --scale and --threads are at least 1")
    for word in options.sections.split(","):
        if word not in SECTIONS:
            parser.error(f"there is no section '{word}'")
    for word in options.sinks.split(","):
        if word not in SINKS:
            parser.error(f"there is no sink '{word}'")
    Bench(options).run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
