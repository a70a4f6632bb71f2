#!/usr/bin/env python3
"""OpenCL calls that fail, devices that get lost, and read-backs that lie, through opencl_layer.c.

Usage: opencl.py PARPRIME LAYER [PART...]; parts: see the end; all by default.
"""

import copy
import csv
import io
import os
import random
import subprocess
import sys
import tempfile

from support import ALL, Judge, Run, chosen, essence, in_parallel

CODES = {
    "CL_DEVICE_NOT_FOUND": -1, "CL_DEVICE_NOT_AVAILABLE": -2, "CL_COMPILER_NOT_AVAILABLE": -3,
    "CL_MEM_OBJECT_ALLOCATION_FAILURE": -4, "CL_OUT_OF_RESOURCES": -5, "CL_OUT_OF_HOST_MEMORY": -6,
    "CL_PROFILING_INFO_NOT_AVAILABLE": -7, "CL_BUILD_PROGRAM_FAILURE": -11, "CL_MAP_FAILURE": -12,
    "CL_MISALIGNED_SUB_BUFFER_OFFSET": -13,
    "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST": -14, "CL_DEVICE_PARTITION_FAILED": -18,
    "CL_INVALID_VALUE": -30, "CL_INVALID_PLATFORM": -32, "CL_INVALID_DEVICE": -33,
    "CL_INVALID_CONTEXT": -34, "CL_INVALID_QUEUE_PROPERTIES": -35, "CL_INVALID_COMMAND_QUEUE": -36,
    "CL_INVALID_MEM_OBJECT": -38, "CL_INVALID_BUILD_OPTIONS": -43, "CL_INVALID_PROGRAM": -44,
    "CL_INVALID_PROGRAM_EXECUTABLE": -45, "CL_INVALID_KERNEL_NAME": -46,
    "CL_INVALID_KERNEL_DEFINITION": -47, "CL_INVALID_KERNEL": -48, "CL_INVALID_ARG_INDEX": -49,
    "CL_INVALID_ARG_VALUE": -50, "CL_INVALID_ARG_SIZE": -51, "CL_INVALID_KERNEL_ARGS": -52,
    "CL_INVALID_WORK_GROUP_SIZE": -54, "CL_INVALID_WORK_ITEM_SIZE": -55,
    "CL_INVALID_EVENT_WAIT_LIST": -57, "CL_INVALID_EVENT": -58, "CL_INVALID_OPERATION": -59,
    "CL_INVALID_BUFFER_SIZE": -61, "CL_INVALID_GLOBAL_WORK_SIZE": -63,
    "CL_INVALID_DEVICE_PARTITION_COUNT": -68, "CL_PLATFORM_NOT_FOUND_KHR": -1001,
}

# What each function may fail with, beside what all may: the specification's own lists, of which
# the first is the likeliest.
EVERY = [-5, -6]
ENQUEUE = [-4, -2, -36, -34, -38, -30, -57, -14, -59]
PLAUSIBLE = {
    "clGetPlatformIDs": [-1001, -30], "clGetPlatformInfo": [-32, -30],
    "clGetDeviceIDs": [-1, -32, -30], "clGetDeviceInfo": [-33, -30],
    "clCreateSubDevices": [-18, -68, -33, -30], "clRetainDevice": [-33], "clReleaseDevice": [-33],
    "clCreateContext": [-2, -33, -30], "clReleaseContext": [-34],
    "clCreateCommandQueue": [-2, -35, -34, -33, -30], "clReleaseCommandQueue": [-36],
    "clCreateBuffer": [-4, -61, -34, -30], "clCreateSubBuffer": [-13, -4, -38, -30],
    "clReleaseMemObject": [-38],
    "clCreateProgramWithSource": [-34, -30], "clReleaseProgram": [-44],
    "clBuildProgram": [-11, -3, -43, -44, -59, -33],
    "clGetProgramBuildInfo": [-33, -44, -30], "clCreateKernel": [-46, -45, -47, -44],
    "clReleaseKernel": [-48], "clSetKernelArg": [-51, -49, -50, -38, -48],
    "clGetKernelWorkGroupInfo": [-48, -33, -30],
    "clWaitForEvents": [-14, -58, -34, -30, -36], "clGetEventInfo": [-58, -30],
    "clRetainEvent": [-58], "clReleaseEvent": [-58], "clSetEventCallback": [-58, -30],
    "clGetEventProfilingInfo": [-7, -58, -30], "clFlush": [-36, -2], "clFinish": [-36, -2],
    "clEnqueueReadBuffer": ENQUEUE, "clEnqueueWriteBuffer": ENQUEUE,
    "clEnqueueCopyBuffer": ENQUEUE, "clEnqueueFillBuffer": ENQUEUE,
    "clEnqueueMapBuffer": [-12, *ENQUEUE], "clEnqueueUnmapMemObject": ENQUEUE,
    "clEnqueueNDRangeKernel": [-52, -54, -55, -45, -63, *ENQUEUE],
    "clEnqueueMarkerWithWaitList": [-36, -34, -57],
}
NAMES = {code: name for name, code in CODES.items()}


class Bench:
    """The program over the layer."""

    def __init__(self, program, layer, folder):
        self.program, self.layer, self.folder = program, layer, folder
        self.reports = 0

    def run(self, words, timeout=60, **plan):
        environment = {"OPENCL_LAYERS": self.layer}
        # What a driver is not asked any more, or refuses, to give back is nobody's leak.
        environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
        for key, value in plan.items():
            environment["FAULT_CL_" + key.upper()] = str(value)
        return Run([self.program, *words.split()], environment, timeout=timeout)

    def count_calls(self, words):
        """Undisturbed: the run, and how often each function is called. None: not here."""
        path = os.path.join(self.folder, f"calls{self.reports}")
        self.reports += 1
        run = self.run(words, report=path)
        if run.code == 4:
            print(f"{words}: not available here: {run.err.decode(errors='replace').strip()}")
            return run, None
        if run.code != 0 or not os.path.exists(path):
            sys.exit(f"{words}: undisturbed, over the layer: {run}")
        with open(path, encoding="ascii") as file:
            calls = {name: int(count) for name, count in (line.split() for line in file)}
        del calls["planted"]
        return run, calls


def check_covered(program, bench):
    """Does the program use an OpenCL function that the layer does not know?"""
    listing = subprocess.run(["nm", "-D", "--undefined-only", program], capture_output=True,
                             text=True, check=True).stdout
    used = {line.split()[-1].split("@")[0] for line in listing.splitlines()}
    used = {name for name in used if name.startswith("cl") and name[2:3].isupper()}
    _, calls = bench.count_calls("count 1e5 --backend opencl")
    unknown = sorted(used - set(calls or used))
    unlisted = sorted(set(calls or ()) - set(PLAUSIBLE))
    if unknown:
        print("used, but unknown to opencl_layer.c: " + " ".join(unknown))
    if unlisted:
        print("without plausible codes: " + " ".join(unlisted))
    return not unknown and not unlisted and calls is not None


def positions(count, most):
    """Which calls to try: the first, the last ones, which belong to the job, and some between."""
    if most == 0:
        return []
    if count <= most:
        return list(range(1, count + 1))
    near_end = list(range(count - most // 3 + 1, count + 1))
    return chosen(range(1, count + 1), most - len(near_end), always=True) + near_end


def some_numbers(bench):
    """A file of them, to be tested."""
    numbers = os.path.join(bench.folder, "numbers")
    with open(numbers, "w", encoding="ascii") as file:
        file.writelines(f"{10**12 + 2 * i + 1}\n" for i in range(5000))
    return numbers


def jobs(bench):
    """Small jobs that go through every kernel and way of reading back, likeliest first."""
    numbers = some_numbers(bench)
    usual = ["count 1e13 1e13+1e6 --backend opencl",
             "list 1e12 1e12+1e5 --backend opencl --kernels gpu"]
    more = [f"test --input {numbers} --backend opencl --method mr",
            "list 3e6 --backend opencl",
            "count 1e15 1e15+1e5 --backend opencl --method sieve",
            "count 2^63 2^63+1e5 --backend opencl --method hybrid --kernels gpu",
            "count 1e7 --backend opencl -t 1 --format json",
            f"test --input {numbers} --backend opencl --method sieve --kernels gpu"]
    return usual + more if ALL else usual


def in_words(plan):
    code = plan.get("code")
    return " ".join(f"{key} {value}" for key, value in plan.items() if key != "code") + \
        (f" with {NAMES.get(code, code)}" if code is not None else "")


def try_all(bench, judge, words, right, plans, codes, timeout=60):
    runs = in_parallel([lambda plan=plan: bench.run(words, timeout, **plan) for plan in plans])
    for plan, run in zip(plans, runs):
        judge.take(f"{words}: {in_words(plan)}", run, right, codes)
    return runs


def only_in_both(out, right):
    """A comparison's table, and the right one, without backends that the first leaves out and says why."""
    rows = list(csv.reader(io.StringIO(out.decode())))
    if not rows or "left_out" not in rows[0]:
        return out, right
    why = rows[0].index("left_out")
    dropped = {tuple(row[:2]) for row in rows if row[why] and row[why] != "left_out"}
    kept = []
    for table in (rows, csv.reader(io.StringIO(right.out.decode()))):
        text = io.StringIO()
        csv.writer(text).writerows(row for row in table if tuple(row[:2]) not in dropped)
        kept.append(text.getvalue().encode())
    expected = copy.copy(right)
    expected.out = kept[1]
    return kept[0], expected


def part_calls(bench):
    """Every function fails at some of its calls with each plausible code."""
    judge = Judge("OpenCL calls that fail")
    for words in jobs(bench):
        right, calls = bench.count_calls(words)
        if calls is None:
            continue
        plans = []
        for name, count in calls.items():
            plausible = PLAUSIBLE[name] + EVERY
            for nth in positions(count, 7 if ALL else 2):
                # All codes at the ends; elsewhere, or quickly, the likeliest and by turns another.
                codes = [plausible[0] if nth == 1 else plausible[nth % len(plausible)]]
                if ALL:
                    codes = plausible if nth in (1, count) else {plausible[0], *codes}
                plans += [{"mode": "fail", "call": name, "nth": nth, "code": code}
                          for code in codes]
        try_all(bench, judge, words, right, plans, {4, 6})
    # A comparison ends as a single run does, without a table.
    words = "compare --runs 1 --warmup 0 --backend serial,opencl --format csv -- count 1e6"
    right, calls = bench.count_calls(words)
    for name, count in (calls or {}).items():
        plans = [{"mode": "fail", "call": name, "nth": nth, "code": PLAUSIBLE[name][0]}
                 for nth in positions(count, 3 if ALL else 0)]
        for plan in plans:
            run = bench.run(words, **plan)
            run.out, expected = only_in_both(run.out, right)
            judge.take(f"{words}: {in_words(plan)}", run, expected, {4, 6})
    # What finds out about devices goes on without OpenCL, and says why.
    for words in ("devices", "count 1e6 --device nonesuch"):
        right = bench.run(words)
        for name in ("clGetPlatformIDs", "clGetDeviceIDs", "clGetDeviceInfo", "clBuildProgram",
                     "clCreateContext", "clEnqueueNDRangeKernel"):
            run = bench.run(words, mode="fail", call=name, nth=1, code=-5)
            if run.code == 0 and words == "devices":
                run.out = right.out
            judge.take(f"{words}: {name}", run, right, {4, 6})
    return judge.end()


def part_lost(bench):
    """From some call on all calls fail: the device is gone."""
    judge = Judge("OpenCL devices that get lost")
    for words in jobs(bench):
        right, calls = bench.count_calls(words)
        if calls is None:
            continue
        total = sum(calls.values())
        plans = [{"mode": "lost", "nth": nth, "code": code}
                 for nth in positions(total, 24 if ALL else 8)
                 for code in ([-2, -5, -36] if ALL else [-2 if nth % 2 else -5])]
        try_all(bench, judge, words, right, plans, {4, 6})
    return judge.end()


def lies(calls, generator, n):
    """Read-backs with a flipped bit, and commands that are not done, or not wholly, but said to be."""
    plans = []
    for mode, names in (("corrupt", ["clEnqueueReadBuffer", "clEnqueueMapBuffer"]),
                        ("skip", ["clEnqueueNDRangeKernel"]),
                        ("short", ["clEnqueueNDRangeKernel"]), ("stale", ["clEnqueueReadBuffer"])):
        for name in names:
            count = calls.get(name, 0)
            for nth in positions(count, n):
                plan = {"mode": mode, "call": name, "nth": nth}
                if mode == "corrupt":
                    plan |= {"word": generator.randrange(1 << 30), "bit": generator.randrange(64)}
                plans.append(plan)
    return plans


def part_corrupt(bench):
    """What comes back is wrong. With --verify 100% it is never believed."""
    generator = random.Random(7)
    bad = False
    verified = Judge("OpenCL read-backs that lie, all of them verified")
    for words in jobs(bench):
        right, calls = bench.count_calls(words + " --verify 100")
        if calls is None:
            continue
        plans = [plan for _ in range(2 if ALL else 1)
                 for plan in lies(calls, generator, 16 if ALL else 5)]
        try_all(bench, verified, words + " --verify 100", right, plans, {3})
    return verified.end() or bad


def part_unverified(bench):
    """The same with what is checked anyway, and nothing recomputed: tallies, seals, guards, counts."""
    generator = random.Random(11)
    found = Judge("OpenCL read-backs that lie, none recomputed")
    for words in jobs(bench):
        words += " --verify 0"
        right, calls = bench.count_calls(words)
        if calls is None:
            continue
        plans = [plan for _ in range(2 if ALL else 1)
                 for plan in lies(calls, generator, 16 if ALL else 5)]
        try_all(bench, found, words, right, plans, {3})
    return found.end()


def part_skipped(bench):
    """Any launch never runs, or without a work-group, and is said to have; none is recomputed."""
    judge = Judge("OpenCL kernels that never run, or not wholly, none recomputed")
    numbers = some_numbers(bench)
    asked = ["count 1e13 1e13+1e6 --method sieve",
             "count 1e15 1e15+1e5 --method sieve --kernels gpu",
             f"test --input {numbers} --method mr",
             "list 2^62 2^62+3e4 --method hybrid"]
    more = ["count 1e15 1e15+1e5 --method sieve", "count 1e13 1e13+1e6 --method sieve --kernels gpu",
            "count 2^62 2^62+3e4 --method hybrid --kernels gpu",
            "count 1e12 1e12+1e5 --method mr", "count 1e12 1e12+1e5 --method mr --kernels gpu",
            "count 1e9 1e9+3e4 --method trial", "count 1e8 1e8+3e4 --method trial --kernels gpu",
            "list 1e13 1e13+1e6 --method sieve", "list 1e12 1e12+1e5 --method sieve --kernels gpu",
            "list 1e12 1e12+1e5 --method mr",
            f"test --input {numbers} --method mr --kernels gpu",
            f"test --input {numbers} --method sieve",
            f"test --input {numbers} --method trial"]
    for words in asked + (more if ALL else []):
        words += " --backend opencl --verify 0"
        right, calls = bench.count_calls(words)
        if calls is None:
            continue
        launches = positions(calls["clEnqueueNDRangeKernel"], 1 << 20 if ALL else 6)
        try_all(bench, judge, words, right,
                [{"mode": mode, "call": "clEnqueueNDRangeKernel", "nth": nth}
                 for mode in ("skip", "short") for nth in launches], {3})
    return judge.end()


def count_unseen(bench, judge, words, right, plans):
    """How many of these faults end in a wrong answer that nothing tells of."""
    unseen = 0
    for run in in_parallel([lambda plan=plan: bench.run(words, **plan) for plan in plans]):
        judge.outcomes[run.code] = judge.outcomes.get(run.code, 0) + 1
        unseen += run.code == 0 and essence(run.out) != essence(right.out)
    return unseen


def part_written(bench):
    """A word changes on its way to the device: tables and numbers. With --verify 100% it is found."""
    generator = random.Random(13)
    judge = Judge("OpenCL writes that go wrong, all units verified")
    sampled = Judge("the same, sampled as by default (an answer that is wrong is counted, not judged)")
    unseen = 0
    for words in jobs(bench):
        for judging, more in ((judge, " --verify 100"), (sampled, "")):
            right, calls = bench.count_calls(words + more)
            if calls is None:
                continue
            plans = [{"mode": "write", "call": "clEnqueueWriteBuffer", "nth": nth,
                      "word": generator.randrange(1 << 30), "bit": generator.randrange(64)}
                     for _ in range(2 if ALL else 1)
                     for nth in positions(calls["clEnqueueWriteBuffer"], 16 if ALL else 4)]
            if judging is judge:
                try_all(bench, judge, words + more, right, plans, {3, 6})
                continue
            unseen += count_unseen(bench, sampled, words, right, plans)
    bad = judge.end()
    sampled.end()
    print(f"  of these, {unseen} wrong answers with exit code 0")
    return bad


def part_hang(bench):
    """From some call on nothing that was enqueued completes: the device is given up in time."""
    judge = Judge("OpenCL devices that hang")
    for words in jobs(bench):
        right, calls = bench.count_calls(words)
        if calls is None:
            continue
        plans = [{"mode": "hang", "nth": nth}
                 for nth in positions(sum(calls.values()), 20 if ALL else 4)]
        try_all(bench, judge, words + " --device-timeout 1", right, plans, {4}, timeout=60)
    return judge.end()


PARTS = {"calls": part_calls, "lost": part_lost, "corrupt": part_corrupt,
         "unverified": part_unverified, "skipped": part_skipped, "written": part_written, "hang": part_hang}


def main():
    program, layer, wanted = sys.argv[1], sys.argv[2], sys.argv[3:] or list(PARTS)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(program, layer, folder)
        first = bench.run("count 1e5 --backend opencl", report=os.path.join(folder, "first"))
        if first.code == 4:
            print("no OpenCL device: nothing to be tried")
            return 77
        if not os.path.exists(os.path.join(folder, "first")):
            print("this OpenCL loader has no layers (ocl-icd has them from 2.3 on)")
            return 77
        bad = not check_covered(program, bench)
        for part in wanted:
            bad |= PARTS[part](bench)
    return int(bad)


sys.exit(main())
