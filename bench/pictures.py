#!/usr/bin/env python3
"""bench/pictures.py REPORT.html FOLDER [ID...]: pictures of a report as files of their own.

Writes FOLDER/ID.svg for each picture (of those ids, or all) of what `parprime compare --report` or
`parprime scale --report` wrote: with its heading, on paper of its own, in light or dark as the
reader prefers, so that it can stand in a README.
"""

import html
import pathlib
import re
import sys

FIGURE = re.compile(r'<figure id="([^"]+)">\s*<figcaption>(.*?)<small>.*?</figcaption>\s*'
                    r'(<svg.*?</svg>)', re.S)
HEADING = re.compile(r"<h2>(.*?)</h2>", re.S)
TOP = 34  # pixels for the heading


def dark_rules(page):
    """The colours of the page's pictures in dark mode."""
    style = re.search(r"@media \(prefers-color-scheme:dark\)\{\n(figure \[.*?\n)\}\n", page, re.S)
    return style[1].replace("figure [", "[")


def alone(svg, heading, rules):
    width, height = re.search(r'viewBox="0 0 (\d+) (\d+)"', svg).groups()
    height = int(height) + TOP
    style = ("<style>text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\n"
             "@media (prefers-color-scheme:dark){\n%s}</style>" % rules)
    svg = svg.replace('viewBox="0 0 %s' % width, 'width="%s" height="%d" viewBox="0 -%d %s'
                      % (width, height, TOP, width), 1)
    svg = re.sub(r'(viewBox="0 -\d+ \d+) \d+"', r'\1 %d"' % height, svg, count=1)
    paper = ('<rect x="0" y="-%d" width="%s" height="%d" fill="#ffffff"/>\n'
             '<text x="12" y="-12" font-size="14" font-weight="600" fill="#1f2328">%s</text>'
             % (TOP, width, height, html.escape(heading)))
    return svg.replace("</title>", "</title>\n%s\n%s" % (style, paper), 1) + "\n"


def main(words):
    if len(words) < 2:
        sys.exit(__doc__)
    page = pathlib.Path(words[0]).read_text(encoding="utf-8")
    folder, wanted = pathlib.Path(words[1]), set(words[2:])
    rules = dark_rules(page)
    written = set()
    for figure in FIGURE.finditer(page):
        name = figure[1]
        if wanted and name not in wanted:
            continue
        heading = HEADING.findall(page, 0, figure.start())[-1]
        (folder / (name + ".svg")).write_text(
            alone(figure[3], html.unescape(heading), rules), encoding="utf-8")
        written.add(name)
    if wanted - written:
        sys.exit("no picture " + ", ".join(sorted(wanted - written)))
    print("wrote " + ", ".join(sorted(written)))


if __name__ == "__main__":
    main(sys.argv[1:])
