"""Unpacks CPython from the package `componentize-py`: the library, and Python's own modules.

The package holds them compressed, inside of its own library. Usage: unpack.py LIBRARY FOLDER
"""

import io
import pathlib
import sys
import tarfile

import zstandard

MAGIC = bytes.fromhex("28b52ffd")


def frames(data):
    """Yields what each compressed frame holds. Other bytes may look like the start of one."""
    start = data.find(MAGIC)
    while start >= 0:
        decompressor = zstandard.ZstdDecompressor().decompressobj()
        try:
            content = decompressor.decompress(data[start:])
        except zstandard.ZstdError:
            content = None
        if content is not None and decompressor.eof:
            yield content
            start = len(data) - len(decompressor.unused_data) - 1
        start = data.find(MAGIC, start + 1)


library, folder = sys.argv[1], pathlib.Path(sys.argv[2])
for content in frames(pathlib.Path(library).read_bytes()):
    if content[257:262] == b"ustar":
        tarfile.open(fileobj=io.BytesIO(content)).extractall(folder / "lib")
    elif content.startswith(b"\0asm") and b"Py_BytesMain" in content[:200_000]:
        (folder / "libpython3.11.so").write_bytes(content)
    if (folder / "lib").is_dir() and (folder / "libpython3.11.so").is_file():
        break
else:
    sys.exit("the package holds no CPython")
