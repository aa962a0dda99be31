// Runs a command as any host would: `node start.mjs FILE FOLDER ARGUMENTS` starts it with FOLDER as `/out`.
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const [file, folder, ...args] = process.argv.slice(2);
const preopens = { "/out": folder };
const wasi = new WASI({ version: "preview1", args: [file, ...args], preopens, returnOnExit: true });
const imports = { wasi_snapshot_preview1: wasi.wasiImport };
const { instance } = await WebAssembly.instantiate(readFileSync(file), imports);
process.exitCode = wasi.start(instance);
