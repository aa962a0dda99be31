// Makes a component of a function in JavaScript, for the row `size-component`:
// `node componentize.mjs COMPONENTIZE-JS OUTPUT`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [library, output] = process.argv.slice(2);
const { componentize } = await import(pathToFileURL(join(library, "src", "componentize.js")));
const sourcePath = output + ".js";
writeFileSync(sourcePath, "export function same(text) { return text; }\n");
const witPath = output + ".wit";
writeFileSync(witPath, "package docs:app;\nworld app { export same: func(text: string) -> string; }\n");
const disableFeatures = ["http", "fetch-event"];
const { component } = await componentize({ sourcePath, witPath, worldName: "app", disableFeatures });
writeFileSync(output, component);
