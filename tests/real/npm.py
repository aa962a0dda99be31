"""Fetches a package from npm's registry, checks it, and unpacks some of its files.

Usage: npm.py PACKAGE VERSION INTEGRITY FOLDER PREFIX...
INTEGRITY is what the registry says (`npm view PACKAGE@VERSION dist.integrity`). The files are those
whose paths in the package begin with a PREFIX. The status is 3 if the package cannot be fetched.
"""

import base64
import hashlib
import io
import pathlib
import sys
import tarfile
import urllib.request

package, version, integrity, folder, *prefixes = sys.argv[1:]
name = package.rsplit("/", 1)[-1]
url = f"https://registry.npmjs.org/{package}/-/{name}-{version}.tgz"
try:
    with urllib.request.urlopen(url, timeout=60) as response:
        content = response.read()
except OSError as error:
    print(f"{url}: {error}", file=sys.stderr)
    sys.exit(3)
actual = "sha512-" + base64.b64encode(hashlib.sha512(content).digest()).decode()
if actual != integrity:
    sys.exit(f"{url} has the checksum {actual}, not {integrity}")
with tarfile.open(fileobj=io.BytesIO(content)) as archive:
    for member in archive:
        path = pathlib.PurePosixPath(member.name)
        inner = pathlib.PurePosixPath(*path.parts[1:])
        if member.isfile() and str(inner).startswith(tuple(prefixes)):
            if ".." in inner.parts:
                sys.exit(f"{url} has the path {path}")
            target = pathlib.Path(folder, inner)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(archive.extractfile(member).read())
