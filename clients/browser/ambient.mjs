// One declaration file of many, for those who import the client from a relay's URL: they put it
// beside their own files, and it declares the module at whatever address a relay serves it.

import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join, posix, sep } from "node:path";

/** How TypeScript is to recognize the import. */
const MODULE = "*/client/roomwire.js";
const HEAD = `// Types of Roomwire's client where it is imported from a relay. Save this file in your project.\n`;

/** Declares all modules below `types`, of which index.d.ts is what the client exports. */
export async function ambientTypes(types) {
  const names = (await readdir(types, { recursive: true })).filter((name) => name.endsWith(".d.ts"));
  const modules = names
    .map((name) => name.split(sep).join("/"))
    .sort()
    .map((name) => ambient(name, readFileSync(join(types, name), "utf8")));
  const entry = declare(MODULE, `export * from "${named("index.js")}";\n`);
  return [HEAD, ...modules, entry].join("");
}

/** A file as a module of its own, which others find by its name and not by its place. */
function ambient(name, text) {
  const folder = posix.dirname(name);
  const body = text
    .replace(/"(\.\.?\/[^"]+\.js)"/g, (_, path) => `"${named(posix.join(folder, path))}"`)
    .replace(/^(export )?declare /gm, (_, exported = "") => exported);
  return declare(named(name.replace(/\.d\.ts$/, ".js")), body);
}

const named = (path) => `roomwire-client/${path.replace(/\.js$/, "")}`;

const declare = (name, body) => `declare module "${name}" {\n${body}}\n`;
