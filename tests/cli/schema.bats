# docs/parprime.schema.json: a description that nothing fails describes nothing.
load helper

# spoiled SED: the same document, edited, is refused.
spoiled() {
    sed -E "$1" good.json >bad.json
    ! cmp -s good.json bad.json || fail "'$1' changes nothing"
    echo "$PWD/bad.json" >>spoiled
    mv bad.json "bad$(wc -l <spoiled).json"
}

# None of what was spoiled obeys the schema.
all_refused() {
    local n
    n=$(wc -l <spoiled)
    run --separate-stderr valid bad*.json
    [ $status -ne 0 ] || fail "all obey"
    [ "$(cut -d: -f1 <<<"$stderr" | sort -u | wc -l)" -eq $n ] || fail "some of $n obey"
    [[ $stderr != *"not JSON"* ]] || fail "spoiled too much"
}

@test "it is a schema, and needs no network" {
    "$PYTHON" - "$SCHEMA" <<'END'
import json, jsonschema, sys
schema = json.load(open(sys.argv[1], encoding="utf-8"))
jsonschema.Draft202012Validator.check_schema(schema)
def refs(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        node = node.values()
    if not isinstance(node, str) and hasattr(node, "__iter__"):
        for child in node:
            yield from refs(child)
defs = {"#/$defs/" + name for name in schema["$defs"]}
used = set(refs(schema))
assert used == defs, used ^ defs
END
}

@test "a count that is not as described is refused" {
    "$PARPRIME" count 1e13 1e13+500 -q --format json >good.json
    valid good.json
    spoiled 's/"schema_version": 1/"schema_version": 2/'
    spoiled 's/"schema_version": 1,//'
    spoiled 's/"version": "/"version": "v/'
    spoiled 's/"command": "count"/"command": "list"/'
    spoiled 's/"lo": "10000000000000"/"lo": 10000000000000/'
    spoiled 's/"lo": "10000000000000"/"lo": "1e13"/'
    spoiled 's/"count": "16"/"count": 16/'
    spoiled 's/"count": "16"/"count": "016"/'
    spoiled 's/"count": "16"/"count": "-16"/'
    spoiled 's/"count": "16",//'
    spoiled 's/"count": "16"/"count": "16", "sum": "0"/'
    spoiled 's/"digest": "./"digest": "/'
    spoiled 's/"digest": "./"digest": "G/'
    spoiled 's/"backend": "[a-z]*"/"backend": "auto"/'
    spoiled 's/"threads": [0-9]+/"threads": 0/'
    spoiled 's/"compute": [^,]*/"compute": -1/'
    spoiled 's/"compute": [^,]*,//'
    spoiled 's/"compute": /"warp": 0, "compute": /'
    spoiled 's/"seconds": [^,]*/"seconds": "0.1"/'
    spoiled 's/"time": "[^"]*"/"time": "noon"/'
    spoiled 's/"load": /"weather": "fair", "load": /'
    spoiled 's/"results": \[/"primes": [], "results": [/'
    spoiled 's/"results": \[/"interrupted": {}, "results": [/'
    all_refused
}

@test "a test that is not as described is refused" {
    "$PARPRIME" test 7 8 -q --format json >good.json
    valid good.json
    spoiled 's/"n": "7"/"n": 7/'
    spoiled 's/"answer": "prime"/"answer": "maybe"/'
    spoiled 's/"answer": "prime"/"answer": "prime", "why": ""/'
    spoiled 's/"probable": "0",//'
    spoiled 's/"numbers": \[/"primes": [/'
    all_refused
}

@test "a comparison that is not as described is refused" {
    "$PARPRIME" compare --runs 6 --warmup 0 --backend serial --format json -- count 1e5 >good.json
    valid good.json
    spoiled 's/"agree": true/"agree": "yes"/'
    spoiled 's/"verdict": \{/"opinion": {/'
    spoiled 's/"last_digits": "35443"/"last_digits": "443"/'
    spoiled 's/"form": "plain"/"form": "fast"/'
    spoiled 's/"speedup": [^,]*,//'
    spoiled 's/"interval": \[/"interval": [0, /'
    spoiled 's/"interval": \[/"spread": [/'
    spoiled 's/"cpu_seconds": [^,]*/"cpu_seconds": null/'
    spoiled 's/"hi"/"high"/'
    spoiled 's/"order": "random"/"order": "fixed"/'
    spoiled 's/"base": "serial"/"base": null/'
    all_refused
}

@test "a scaling that is not as described is refused" {
    has_backend openmp || skip "no openmp"
    "$PARPRIME" scale --runs 6 --warmup 0 --threads 1,2 --format json -- count 1e5 >good.json
    valid good.json
    spoiled 's/"scaling": \{/"growth": {/'
    spoiled 's/"efficiency": [^,]*,//'
    spoiled 's/"karp_flatt": null/"karp_flatt": "none"/'
    spoiled 's/"amdahl": null/"amdahl": {}/'
    spoiled 's/"gustafson": null/"gustafson": 0.1/'
    spoiled 's/"insufficient": "/"sufficient": "/'
    spoiled 's/"scaled_speedup": [^,]*,//'
    spoiled 's/"serial": \{/"serial": {"threads": 1, /'
    spoiled 's/"lessons": \[/"lessons": ["work", /'
    spoiled 's/"kind": "inherently sequential"/"kind": "dull"/'
    spoiled 's/"break_even": null/"break_even": {"devices": []}/'
    spoiled 's/"verdict": \{/"opinion": {/'
    all_refused
}

@test "a truncated document, or NaN, is no JSON" {
    "$PARPRIME" count 10 -q --format json >good.json
    head -c -3 good.json >short.json
    run -1 --separate-stderr valid short.json
    sed 's/"load": [^,]*/"load": NaN/' good.json >nan.json
    run -1 --separate-stderr valid nan.json
}
