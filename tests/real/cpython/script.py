"""Computes, raises and catches, and uses modules of the standard library."""

import collections
import dataclasses
import decimal
import functools
import hashlib
import json
import math
import random
import re
import struct
import sys

print(sys.version.split()[0], sys.platform)
print(sum(range(1_000_000)), 2**200, 7 / 2, divmod(-7, 2))
print(json.loads(json.dumps({"list": [1, 2.5, None], "text": "\u00e9"})))
print(re.sub(r"(\w+) (\w+)", r"\2 \1", "hello world"))
print(decimal.Decimal(1) / 3, math.pi, struct.pack("<d", 1.5).hex())
print(hashlib.sha256(b"wasm").hexdigest()[:16])
print(collections.Counter("mississippi").most_common(2))
random.seed(1)
print([random.randrange(100) for _ in range(5)])


@dataclasses.dataclass(order=True)
class Point:
    x: int
    y: int = 0


print(sorted([Point(2), Point(1, 5), Point(1)]))


@functools.lru_cache(None)
def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


print(fibonacci(100))

try:
    {}["missing"]
except KeyError as error:
    print("caught", repr(error))


def forever(depth):
    return forever(depth + 1)


try:
    forever(0)
except RecursionError as error:
    print("caught", error)


def generator():
    try:
        yield 1
    finally:
        print("generator closed")


for value in generator():
    break
sys.exit(3)
