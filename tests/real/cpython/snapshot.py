"""What is different in each run of a program with CPython initialised, and what is not."""

import json
import os
import sys
import time

sys.path.append("/extensions")
import extension

numbers.append(1)
print(json.dumps(numbers), os.environ, extension.factorial(5))
print(time.time() > 1_700_000_000, os.urandom(8) != bytes(8))
with open(os.__file__, "rb") as source:
    print(os.stat(os.__file__).st_size == len(source.read()))
raise ValueError("the end")
