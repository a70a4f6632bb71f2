"""Statistics and tables of bench/ranges.py: those of src/measure/stats.c, in Python."""
import json
import math
import statistics
import subprocess
import time


def median_rank(n):
    """The rank l such that [x_l, x_(n+1-l)] holds the median with 95%; 0: n < 6 gives none."""
    below, rank = 0.0, 0
    for l in range(1, n // 2 + 1):
        below += math.comb(n, l - 1) / 2**n
        if 2 * below > 0.05:
            break
        rank = l
    return rank


def summarise(values):
    ordered = sorted(values)
    rank = median_rank(len(ordered))
    return {"runs": len(ordered), "median": statistics.median(ordered), "least": ordered[0],
            "most": ordered[-1],
            "interval95": [ordered[rank - 1], ordered[-rank]] if rank else None}


def ratio_of(base, other):
    """base / other of medians, with the interval that the two intervals allow."""
    ratio = {"value": base["median"] / other["median"], "interval": None, "distinguishable": True}
    a, b = base["interval95"], other["interval95"]
    if a and b:
        ratio["interval"] = [a[0] / b[1], a[1] / b[0]]
        ratio["distinguishable"] = a[0] > b[1] or a[1] < b[0]
    return ratio


def threads_text(threads):
    return "1 thread" if threads == 1 else f"{threads} threads"


def interval_text(interval, digits=2):
    return f"[{interval[0]:.{digits}f}, {interval[1]:.{digits}f}]" if interval else ""


def seconds_text(seconds):
    """Four digits or so, in seconds: what a machine can repeat."""
    return f"{seconds:.{min(7, max(3, 3 - math.floor(math.log10(max(seconds, 1e-9)))))}f}"


class Report:
    """Writes to standard output and Markdown as it goes, and the document at the end."""

    def __init__(self, bench):
        self.bench, self.options = bench, bench.options
        self.results = []
        self.markdown = open(self.options.output, "w") if self.options.output else None
        self.head()

    def line(self, text="", title=False):
        print(text, flush=True)
        if self.markdown:
            if title:
                self.markdown.write(f"## {text}\n")
            else:
                self.markdown.write(f"    {text}".rstrip() + "\n")

    def head(self):
        options, bench = self.options, self.bench
        here = bench.about["environment"]
        title = f"Ranges against primesieve, {here['cpu']}, {here['time'][:10]}"
        print(title + "\n")
        if self.markdown:
            self.markdown.write(f"# {title}\n\n")
        version = subprocess.run([options.program, "--version"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.strip()
        self.version = version
        self.line(f"{here['cpu']}, {bench.cores} of {here['cores_online']} cores allowed, "
                  f"{here['kernel']}, governor {here['governor']}, SMT {here['smt']}, "
                  f"load {here['load']:.2f}, {here['time']}")
        for text in version.split("\n"):
            self.line(text)
        self.line(f"runner and library: commit {here['commit']}, {here['compiler']}, {here['flags']}")
        self.line(f"seed {options.seed}, {options.runs} runs each (5 times as many below 50 ms) "
                  "after one to warm up, in an")
        self.line(f"order drawn anew in each round; one thread pinned to core {bench.about['core']}; every "
                  "answer of every run equal")
        for text in bench.left_out:
            self.line(f"left out: {text}")
        if options.scale > 1:
            self.line(f"warning: ranges of 1/{options.scale} of their length; not for quoting")

    def section(self, name, title, contestants):
        self.line()
        self.line(title, title=True)
        self.line()
        seen = set()
        for contestant in contestants:
            if contestant.origin and contestant.name not in seen:
                self.line(f"{contestant.label}: {contestant.origin}")
            seen.add(contestant.name)
        if name in ("libraries", "walks"):
            for text in self.bench.left_out:
                if text.startswith("lib"):
                    self.line(f"left out: {text}")

    def table(self, result):
        self.results.append(result)
        answer = f"{result['bytes']} bytes" if "bytes" in result else f"{result['count']} primes"
        self.line()
        self.line(f"{result['row']}: {result['question']}, {result['lo']} to {result['hi']}, "
                  f"{answer} by all")
        self.line()
        self.line(f"  {'contestant':34} {'thr.':>4} {'runs':>4} {'seconds':>10} {'least':>10}   "
                  f"{'most':10} {'speed':>8}  {'95%':18} {'CPU s':>10} {'CPU use':>7} {'MiB':>7}")
        bases = {m["threads"]: m for m in result["measured"] if m["base"]}
        for measured in result["measured"]:
            self.row(measured, bases)
        self.threads(result)
        for name, threads, why in result["left_out"]:
            self.line(f"  left out: {name}, {threads_text(threads)}: {why}")
        self.warn(result)

    def row(self, measured, bases):
        time_taken, base = measured["time"], bases.get(measured["threads"])
        speed, interval = "-", ""
        if measured["copies"]:
            pass  # of another job: as many of them
        elif measured["base"]:
            speed = "base"
        elif base:
            ratio = measured["ratio"] = ratio_of(base["time"], time_taken)
            interval = interval_text(ratio["interval"])
            speed = f"{ratio['value']:.2f}×" if ratio["distinguishable"] else "≈ 1"
        label = measured["label"]
        if measured["ran"]:
            label += f" ({measured['ran']['method']}, {measured['ran']['simd']})"
        memory = f"{measured['mib']:7.1f}" if measured["mib"] else f"{'-':>7}"
        self.line(f"  {label:34} {measured['threads']:4} {time_taken['runs']:4} "
                  f"{seconds_text(time_taken['median']):>10} {seconds_text(time_taken['least']):>10} … "
                  f"{seconds_text(time_taken['most']):10} {speed:>8}  {interval:18} "
                  f"{seconds_text(statistics.median(measured['cpu_seconds'])):>10} {100 * measured['cpu_use']:6.0f}% {memory}")

    def threads(self, result):
        """Several threads against one, for who has both."""
        ones = {m["name"]: m for m in result["measured"] if m["threads"] == 1}
        for many in result["measured"]:
            one = ones.get(many["name"])
            if many["threads"] == 1 or not one:
                continue
            ratio = many["over_one_thread"] = ratio_of(one["time"], many["time"])
            self.line(f"  {many['label']}: {many['threads']} threads are {ratio['value']:.2f} times "
                      f"as fast as one {interval_text(ratio['interval'])}".rstrip())
        one = ones.get("parprime")
        for many in result["measured"]:
            if many["copies"] and one:
                in_turn = summarise([many["threads"] * seconds for seconds in one["seconds"]])
                ratio = result["side_by_side"] = ratio_of(in_turn, many["time"])
                self.line(f"  side by side, sharing nothing, {many['threads']} processes of one thread "
                          f"do {ratio['value']:.2f} times as much as one {interval_text(ratio['interval'])}"
                          .rstrip())

    def warn(self, result):
        """One line of those whose first or slowest run is far from the median."""
        far = []
        for measured in result["measured"]:
            median, most = measured["time"]["median"], measured["time"]["most"]
            if most > 1.5 * median:
                which = "first" if measured["seconds"][0] == most else "slowest"
                far.append(f"{measured['name']} ({measured['threads']}): {which} run "
                           f"{most / median:.1f}")
        if far:
            self.line("  warning: times the median, is the machine busy? " + ", ".join(far))
        without = [f"{m['name']} {100 * m['cpu_use']:.0f}%" for m in result["measured"]
                   if m["threads"] == 1 and m["cpu_use"] < 0.9 and m["time"]["median"] > 0.05
                   and result["section"] != "lists"]
        if without:
            self.line("  warning: had its core for a part of its time only: " + ", ".join(without))

    # ---- goals ----

    def goal(self, what, value, goal, at_least, interval=None, form="{:.2f}"):
        met = value >= goal if at_least else value <= goal
        verdict = "met" if met else "missed"
        if self.options.scale > 1:  # other ranges than those that the goals speak of
            met, verdict = None, "not judged"
        self.goals.append({"what": what, "value": value, "goal": goal, "at_least": at_least,
                           "interval": interval, "met": met})
        sign = "≥" if at_least else "≤"
        self.line(f"  {what:56} {form.format(value):>9} {interval_text(interval):18} "
                  f"{sign} {form.format(goal):>7}  {verdict}")

    def end(self, threads_goal, start_goal, mib_goal):
        self.goals = []
        self.line()
        self.line("Goals", title=True)
        self.line()
        for result in self.results:
            for own in (m for m in result["measured"] if m["name"] == "parprime"):
                self.judge(result, own, threads_goal, start_goal, mib_goal)
        if not self.goals:
            self.line("  none for these rows")
        if self.markdown:
            self.markdown.close()
        if self.options.json:
            with open(self.options.json, "w") as file:
                json.dump({"program": "bench/ranges.py", "version": self.version,
                           "ended": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                           "environment": self.bench.about["environment"],
                           "core": self.bench.about["core"], "cores": self.bench.cores,
                           "options": vars(self.options), "left_out": self.bench.left_out,
                           "results": self.results, "goals": self.goals}, file, indent=1)

    def judge(self, result, own, threads_goal, start_goal, mib_goal):
        threads, ratio = own["threads"], own.get("ratio")
        base = next((m["label"] for m in result["measured"] if m["base"]), "")
        where = f"{result['row']}, {threads_text(threads)}"
        if result["section"] in ("programs", "walks") and result["goals"] and ratio:
            what = ", walked" if result["section"] == "walks" else ""
            self.goal(f"{where}{what}: speed over {base}", ratio["value"], result["goals"][threads > 1],
                      True, ratio["interval"])
        if result["section"] == "programs" and result["long"] and "over_one_thread" in own:
            speedup = own["over_one_thread"]
            self.goal(f"{where} over 1", speedup["value"], threads_goal, True, speedup["interval"])
            if "side_by_side" in result:
                beside = result["side_by_side"]
                self.line(f"    {threads} processes side by side, sharing nothing:".ljust(58)
                          + f" {beside['value']:9.2f} {interval_text(beside['interval'])}".rstrip())
        if result["section"] == "start":
            self.goal("parprime count 10, milliseconds", 1e3 * own["time"]["median"],
                      1e3 * start_goal, False)
        if result["section"] == "lists":
            if result["most"] and ratio:
                inverse = ratio["interval"] and [1 / ratio["interval"][1], 1 / ratio["interval"][0]]
                self.goal(f"{where}, {result['sink']}: time over {base}'s", 1 / ratio["value"],
                          result["most"], False, inverse)
            self.goal(f"{where}, {result['sink']}: MiB", own["mib"], mib_goal, False,
                      form="{:.1f}")
