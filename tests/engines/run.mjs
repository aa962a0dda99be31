// Runs a fused program as any host would: `node run.mjs FILE` initialises it, calls `test`, flushes, prints the
// result, and lets it finish.
import { readFileSync, writeSync } from "node:fs";
import { WASI } from "node:wasi";

const [file] = process.argv.slice(2);
const wasi = new WASI({ version: "preview1", args: [file], env: {}, returnOnExit: false });
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
const { instance } = await WebAssembly.instantiate(readFileSync(file), imports);
wasi.initialize(instance);
const { test, fflush, __funcs_on_exit: finish } = instance.exports;
const result = test();
fflush?.(0);
writeSync(1, `${result}\n`);
finish?.();
fflush?.(0);
