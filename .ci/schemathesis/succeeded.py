"""Fails when less than nine operations in ten succeeded for anyone: what always fails is not tested.

usage: succeeded.py BASE SEEN
"""

import json
import sys
import urllib.request

base, seen = sys.argv[1:]
with urllib.request.urlopen(base + "/openapi.json") as answer:
    paths = json.load(answer)["paths"]
every = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
with open(seen, encoding="utf-8") as lines:
    # The description was read, or nothing would have been asked.
    succeeded = ({line.strip() for line in lines} | {"GET /openapi.json"}) & every
print(f"{len(succeeded)} of {len(every)} operations succeeded.")
for name in sorted(every - succeeded):
    print(f"  never: {name}")
sys.exit(len(succeeded) < 0.9 * len(every))
