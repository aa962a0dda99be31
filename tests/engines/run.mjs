// Runs a fused program as any host would: `node run.mjs FILE` initialises it, calls `test`, flushes, prints the
// result, and lets it finish. With the status 77 if the program has exceptions and this engine does not know them.
import { readFileSync, writeSync } from "node:fs";
import { WASI } from "node:wasi";

// Returns whether a module has tags: section 13 begins with their number.
function hasTags(bytes) {
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at++];
    let size = 0, shift = 0, byte;
    do {
      byte = bytes[at++];
      size += (byte & 127) * 2 ** shift;
      shift += 7;
    } while (byte & 128);
    if (id === 13 && bytes[at] !== 0) {
      return true;
    }
    at += size;
  }
  return false;
}

// A function with `try_table`.
const exceptions = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 31, 64, 0, 11, 11,
]);

const [file] = process.argv.slice(2);
const bytes = readFileSync(file);
if (hasTags(bytes) && !WebAssembly.validate(exceptions)) {
  process.exit(77);
}
const wasi = new WASI({ version: "preview1", args: [file], env: {}, returnOnExit: false });
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
const { instance } = await WebAssembly.instantiate(bytes, imports);
wasi.initialize(instance);
const { test, fflush, __funcs_on_exit: finish } = instance.exports;
const result = test();
fflush?.(0);
writeSync(1, `${result}\n`);
finish?.();
fflush?.(0);
