"""Writes modules of the standard library to a C header. Usage: freeze.py HEADER MODULE..."""

import importlib.util
import marshal
import sys

header, *names = sys.argv[1:]
with open(header, "w") as output:
    entries = []
    for index, name in enumerate(names):
        spec = importlib.util.find_spec(name)
        with open(spec.origin, encoding="utf-8") as source:
            code = marshal.dumps(compile(source.read(), f"<frozen {name}>", "exec"))
        data = ",".join(map(str, code))
        output.write(f"static const unsigned char code_{index}[] = {{{data}}};\n")
        is_package = int(spec.submodule_search_locations is not None)
        entries.append(f'    {{"{name}", code_{index}, {len(code)}, {is_package}, 0}},\n')
    entries.append("    {0, 0, 0, 0, 0},\n")
    output.write(f"static const Frozen modules[] = {{\n{''.join(entries)}}};\n")
