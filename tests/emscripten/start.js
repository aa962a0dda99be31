// Runs before Emscripten's own JavaScript: the modules to link are the arguments.
const { join, resolve } = require('path');
Module['dynamicLibraries'] = process.argv.slice(2).map((file) => resolve(file));
Module['arguments'] = [];
// Libraries are in the current folder. Newer versions look for them beside this program, which is there.
Module['locateFile'] = (file) => (file === 'main.wasm' ? join(__dirname, file) : resolve(file));
// With `fetch`, older versions take node for a browser and look for the files on the network.
globalThis.fetch = undefined;
