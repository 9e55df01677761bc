// Fails if modules of src/ import from a higher floor, or each other in a circle; imports of types
// count too.

import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** From the ground up. Events and errors are for users, and core and io speak of them too. */
const FLOORS = [
  ["protocol", /^protocol\//],
  ["words", /^(events|errors)$/],
  ["core", /^core\//],
  ["io", /^io\//],
  ["top", /^[^/]+$/],
  ["page", /^page\//],
];

const src = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "src");
const FROM = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)\.js"/g;

const names = (await readdir(src, { recursive: true })).filter((name) => /\.tsx?$/.test(name));
if (names.length === 0) throw new Error(`there are no modules in ${src}`);
const imports = new Map(names.map((name) => [stem(name), importsOf(name)]));

function stem(name) {
  return name.replace(/\.tsx?$/, "");
}

function importsOf(name) {
  const found = readFileSync(join(src, name), "utf8").matchAll(FROM);
  return [...found].map(([, path]) => relative(src, join(src, dirname(name), path)));
}

function floorOf(module) {
  const floor = FLOORS.findIndex(([, pattern]) => pattern.test(module));
  if (floor < 0) throw new Error(`${module} is on no floor: give its folder one in imports.mjs`);
  return floor;
}

function upwards(module) {
  const own = floorOf(module);
  const higher = imports.get(module).filter((imported) => floorOf(imported) > own);
  return higher.map((imported) => {
    const [from, to] = [own, floorOf(imported)].map((floor) => FLOORS[floor][0]);
    return `import upwards, from ${from} to ${to}: ${module} -> ${imported}`;
  });
}

/** The modules from `start` back to itself, if there is such a way. */
function circle(start) {
  const ways = [[start]];
  const seen = new Set();
  for (const way of ways) {
    for (const next of imports.get(way.at(-1)) ?? []) {
      if (next === start) return [...way, start];
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  }
  return null;
}

const modules = [...imports.keys()];
const circles = modules.map(circle).filter(Boolean);
const faults = [
  ...modules.flatMap(upwards),
  ...circles.map((way) => `import circle: ${way.join(" -> ")}`),
];
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
