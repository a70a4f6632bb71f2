"""validate.py [--holds] SCHEMA FILE...: do the documents obey the schema?

With --holds, one FILE, and behind it PATH=VALUE: results.0.count=16, primes.#=16 (a length),
interrupted=absent. Values are compared as JSON, or as text if they are none.
"""

import json
import sys

import jsonschema


def refuse_constant(name):
    raise ValueError(name + " is not JSON")


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_constant=refuse_constant)


def first_error(validator, document):
    """What is wrong, said of the kind of document that this most likely is."""
    errors = list(validator.iter_errors(document))
    if not errors:
        return None
    kinds = {}
    for error in errors[0].context:
        kinds.setdefault(error.schema_path[0], []).append(error)
    likely = min(kinds.values(), key=len) if kinds else errors
    return jsonschema.exceptions.best_match(likely)


def at(document, path):
    for step in path.split("."):
        if step == "#":
            document = len(document)
        elif isinstance(document, list):
            document = document[int(step)]
        elif step in document:
            document = document[step]
        else:
            return "absent"
    return document


def as_text(value):
    return value if isinstance(value, str) else json.dumps(value)


def main(words):
    holds = words[:1] == ["--holds"]
    schema = read(words[1 if holds else 0])
    files = words[2:3] if holds else words[1:]
    validator = jsonschema.Draft202012Validator(schema)
    good = True
    for path in files:
        try:
            document = read(path)
        except ValueError as error:
            print(f"{path}: not JSON: {error}", file=sys.stderr)
            return 1
        error = first_error(validator, document)
        if error:
            print(f"{path}: {error.json_path}: {error.message}", file=sys.stderr)
            good = False
    for claim in words[3:] if holds else []:
        place, _, wanted = claim.partition("=")
        found = as_text(at(document, place))
        if found != wanted:
            print(f"{path}: {place} is {found}, not {wanted}", file=sys.stderr)
            good = False
    return 0 if good else 1


sys.exit(main(sys.argv[1:]))
