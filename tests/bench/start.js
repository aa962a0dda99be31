// The demo on node: start.js RUST-MODULE C++-MODULE FUNCTION ARGUMENT

const fs = require("fs");

const [provider, library, name, argument] = process.argv.slice(2);
const load = (file, imports) =>
    new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(file)), imports).exports;
console.log(`FooResult: ${load(library, { env: load(provider) })[name](Number(argument))}`);
