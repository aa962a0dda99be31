"""Imports extensions in C and C++."""

import extension
import extension_cpp

print(extension.factorial(5), extension.call(lambda n: n * n, 12))
try:
    extension.factorial(-1)
except ValueError as error:
    print("caught", error)
try:
    extension.call(lambda n: 1 / n, 0)
except ZeroDivisionError as error:
    print("caught", error)
print(extension_cpp.letters("wasm and libc"))
print(extension.__name__, extension.factorial.__doc__)
try:
    import missing_extension
except ImportError as error:
    print(error)
