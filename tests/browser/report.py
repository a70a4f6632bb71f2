"""report.py PROGRAM MAKE_PAGE DATA [--pictures FOLDER]: do reports look as they should?

Opens in headless Chromium the report of a small real run of PROGRAM, and what MAKE_PAGE makes of
each document in the folder DATA: nothing in the console, nothing asked for over the network, every
picture there, its words legible, apart from each other and within it, on a telephone, on a desk,
in light and in dark. With --pictures, what was seen is left as PNG files in FOLDER.
Exit code 77: skipped, with the reason.
"""

import html.parser
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import chromium

VOID = {"meta", "link", "br", "img", "input", "hr"}
WIDTHS = (320, 390, 768, 1280)

# What is measured of every picture, in pixels on the screen.
MEASURE = """
(() => {
  const out = [];
  for (const figure of document.querySelectorAll('figure')) {
    const svg = figure.querySelector('svg'), box = svg && svg.getBoundingClientRect();
    const words = svg ? [...svg.querySelectorAll('text')].filter(t => t.textContent.trim()) : [];
    out.push({
      id: figure.id, caption: figure.querySelector('figcaption')?.textContent.trim() || '',
      width: box ? box.width : 0, height: box ? box.height : 0,
      left: box ? box.left : 0, top: box ? box.top : 0,
      shapes: svg ? [...svg.querySelectorAll('path,rect,polygon,polyline,circle,use')]
        .filter(s => { const b = s.getBoundingClientRect(); return b.width + b.height > 2; })
        .length : 0,
      title: svg?.querySelector('title')?.textContent || '',
      points: svg ? [...svg.querySelectorAll('use')].filter(s => {
        const b = s.getBoundingClientRect();
        return b.width > 2 && b.left >= box.left && b.right <= box.right; }).length : 0,
      scale: svg ? svg.getScreenCTM().a : 0,
      words: words.map(t => {
        const b = t.getBoundingClientRect(), style = getComputedStyle(t);
        return {text: t.textContent.trim(), left: b.left, right: b.right, top: b.top,
                bottom: b.bottom, size: parseFloat(style.fontSize), fill: style.fill};
      })});
  }
  return out;
})()
"""


class Nesting(html.parser.HTMLParser):
    """Every tag closed where it should be, no id twice."""

    def __init__(self):
        super().__init__()
        self.open, self.ids, self.wrong = [], set(), []

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name == "id" and value in self.ids:
                self.wrong.append("id %s twice" % value)
            if name == "id":
                self.ids.add(value)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append("</%s> at line %d" % (tag, self.getpos()[0]))


def check_source(path):
    """What is wrong with a page as text."""
    text = path.read_text(encoding="utf-8")
    nesting = Nesting()
    nesting.feed(text)
    nesting.close()
    wrong = nesting.wrong + ["<%s> is open" % tag for tag in nesting.open]
    if not text.startswith("<!DOCTYPE html>\n<html lang=\"en\">"):
        wrong.append("not an HTML 5 document")
    for word in ("<script>", "<script src", " onload=", " onclick=", "javascript:"):
        if word in text:
            wrong.append("it has " + word)
    return wrong


def luminance(colour):
    """Of "rgb(1, 2, 3)", as WCAG 2 has it."""
    parts = colour[colour.index("(") + 1:-1].replace(",", " ").split()[:3]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
              for c in (float(part) / 255 for part in parts)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a, b):
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def check_picture(picture, paper):
    name, wrong = picture["id"] or "a figure without an id", []
    if picture["width"] < 200 or picture["height"] < 60:
        return ["%s is %g by %g" % (name, picture["width"], picture["height"])]
    if picture["shapes"] < 2 or not picture["words"]:
        wrong.append("%s shows nothing" % name)
    if not picture["title"] or not picture["caption"]:
        wrong.append("%s has no title" % name)
    words = picture["words"]
    for i, word in enumerate(words):
        if word["size"] * picture["scale"] < 8.5:
            wrong.append("%s: '%s' is %.1f px high" % (name, word["text"],
                                                        word["size"] * picture["scale"]))
        if (word["left"] < picture["left"] - 1 or word["top"] < picture["top"] - 1
                or word["right"] > picture["left"] + picture["width"] + 1
                or word["bottom"] > picture["top"] + picture["height"] + 1):
            wrong.append("%s: '%s' reaches out" % (name, word["text"]))
        if contrast(word["fill"], paper) < 7:
            wrong.append("%s: '%s' in %s on %s" % (name, word["text"], word["fill"], paper))
        for other in words[:i]:
            # Boxes of letters have some air above and below.
            across = min(word["right"], other["right"]) - max(word["left"], other["left"])
            down = min(word["bottom"], other["bottom"]) - max(word["top"], other["top"])
            if across > 0.5 and down > 3:
                wrong.append("%s: '%s' over '%s'" % (name, word["text"], other["text"]))
    return wrong


def check(browser, path, document, wanted, shots=None):
    """All that is wrong with a page. `wanted`: ids of figures that must be there."""
    url, wrong = path.as_uri(), check_source(path)
    for dark in (False, True):
        browser.open(url, WIDTHS[0], dark=dark)
        paper = browser.value("getComputedStyle(document.body).backgroundColor")
        ink = browser.value("getComputedStyle(document.body).color")
        if (luminance(paper) < 0.2) != dark or contrast(paper, ink) < 7:
            wrong.append("%s on %s in %s" % (ink, paper, "dark" if dark else "light"))
        for width in WIDTHS:
            browser.show(width, dark=dark)
            wide = browser.value("document.documentElement.scrollWidth")
            if wide > width:
                wrong.append("%d px wide on %d" % (wide, width))
            pictures = browser.value(MEASURE)
            for picture in pictures:
                wrong += ["%d px, %s: %s" % (width, "dark" if dark else "light", what)
                          for what in check_picture(picture, paper)]
            there = {picture["id"] for picture in pictures}
            points = {picture["id"]: picture["points"] for picture in pictures}
            for kind in ("strong", "weak"):
                want = len((document.get("scaling", {}).get(kind) or {}).get("points", []))
                for what in ("-speedup", "-efficiency"):
                    # One more is in the legend.
                    if want and points.get(kind + what) != want + 1:
                        wrong.append("%s%s shows %s points, not %d"
                                     % (kind, what, points.get(kind + what), want))
            wrong += ["no picture " + name for name in wanted if name not in there]
            if shots:
                browser.picture("%s-%d-%s.png" % (shots, width, "dark" if dark else "light"))
        wrong += ["said " + line for line in browser.said]
        wrong += ["asked for " + address for address in browser.asked
                  if address != url and not address.startswith("data:")]
    record = browser.value("document.getElementById('record')?.textContent || 'null'")
    if json.loads(record) != document:
        wrong.append("the record in the page is another")
    if not browser.value("document.querySelector('main > section')?.id") == "verdict":
        wrong.append("the verdict is not first")
    return list(dict.fromkeys(wrong))


def figures_of(document):
    """The pictures that a document must have."""
    ids = []

    def of_comparison(name, comparison):
        if any("speedup" in result for result in comparison.get("results", [])):
            ids.extend([name + "-bars", name + "-phases"])
        ids.extend("%s-timeline-%d" % (name, i + 1)
                   for i, timeline in enumerate(comparison.get("timelines", []))
                   if timeline["units"])

    of_comparison("job", document)
    for i, one in enumerate(document.get("further", [])):
        of_comparison("further-%d" % (i + 1), one)
    of_comparison("output", document.get("output_bound", {}))
    for kind in ("strong", "weak"):
        if document.get("scaling", {}).get(kind, {}).get("points"):
            ids.extend([kind + "-speedup", kind + "-efficiency"])
    if "control" in document:
        ids.append("control-bars")
    return ids


# A page spoiled in each of these ways must not pass.
SPOILS = {
    "a picture less": lambda text: text.replace("<figure", "<div", 1).replace(
        "</figure>", "</div>", 1),
    "an image from elsewhere": lambda text: text.replace(
        "<main>", '<main><img alt="" src="http://127.0.0.1:9/a.png">', 1),
    "too wide": lambda text: text.replace(
        "<main>", '<main><p style="width:100rem">x</p>', 1),
    "an error in a script": lambda text: text.replace(
        "script-src", "x").replace("default-src 'none'", "default-src 'unsafe-inline'").replace(
            "<main>", "<main><script>throw 1</script>", 1),
    "words over words": lambda text: text.replace(
        "</svg>", '<text x="60" y="40">hello you</text><text x="62" y="41">hello</text></svg>', 1),
    "tiny words": lambda text: text.replace(
        "</svg>", '<text x="9" y="170" font-size="4">hello</text></svg>', 1),
    "words in grey": lambda text: text.replace("[fill=\"#1f2328\"]", "[fill=\"#1f2329\"]"),
    "an id twice": lambda text: text.replace("<main>", '<main><p id="job"></p>', 1),
    "another record": lambda text: text.replace('"schema_version"', '"schema_versiom"', 1),
    "not closed": lambda text: text.replace("</main>", "<b></main>", 1),
}


def check_can_fail(browser, path, document, folder):
    passed = []
    for name, spoil in SPOILS.items():
        text = path.read_text(encoding="utf-8")
        spoiled = spoil(text)
        assert spoiled != text, name
        copy = folder / "spoiled.html"
        copy.write_text(spoiled, encoding="utf-8")
        if not check(browser, copy, document, figures_of(document)):
            passed.append(name)
    return passed


def real_run(program, folder):
    """The report of a small run, and its document."""
    page, record = folder / "compare.html", folder / "compare.json"
    subprocess.run([program, "compare", "--runs", "6", "--warmup", "0", "--backend",
                    "serial,openmp", "--format", "json", "--output", record, "--report", page,
                    "--", "count", "1e7"], check=True, stdin=subprocess.DEVNULL, timeout=120)
    return page, json.loads(record.read_text())


def main(words):
    program, make_page, data = words[:3]
    shots = pathlib.Path(words[4]) if words[3:4] == ["--pictures"] else None
    browser_program = chromium.find()
    if not browser_program:
        print("skipped: there is no Chromium (package chromium)")
        return 77
    if not shutil.which("gnuplot"):
        print("skipped: there is no gnuplot (package gnuplot-nox)")
        return 77
    failed = False
    with tempfile.TemporaryDirectory() as name, chromium.Chromium(browser_program) as browser:
        folder = pathlib.Path(name)
        pages = [("compare run", *real_run(program, folder))]
        for source in sorted(pathlib.Path(data).glob("*.json")):
            page = folder / (source.stem + "-data.html")
            subprocess.run([make_page, source, page], check=True, timeout=120)
            pages.append((source.stem, page, json.loads(source.read_text())))
        for label, page, document in pages:
            wanted = figures_of(document)
            shot = shots and str(shots / label.replace(" ", "-"))
            wrong = check(browser, page, document, wanted, shot)
            print("%s: %d bytes, %d pictures, %s" % (label, page.stat().st_size, len(wanted),
                                                    "wrong:" if wrong else "good"))
            for line in wrong[:40]:
                print("  " + line)
            failed = failed or bool(wrong)
        passed = check_can_fail(browser, pages[0][1], pages[0][2], folder)
        for name in passed:
            print("a page with %s passed" % name)
    return 1 if failed or passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
