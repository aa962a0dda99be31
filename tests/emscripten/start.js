// Runs before Emscripten's own JavaScript: the modules to link are the arguments.
Module['dynamicLibraries'] = process.argv.slice(2);
Module['arguments'] = [];
// With `fetch`, older versions take node for a browser and look for the files on the network.
globalThis.fetch = undefined;
