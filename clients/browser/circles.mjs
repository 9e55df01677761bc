// Fails if modules of src/ import each other in a circle, be it for types alone.

import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const src = process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), "src");
const FROM = /(?:\bfrom|\bimport\()\s*"(\.[^"]+)\.js"/g;

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

const circles = [...imports.keys()].map(circle).filter(Boolean);
for (const way of circles) console.error(`import circle: ${way.join(" -> ")}`);
process.exitCode = circles.length > 0 ? 1 : 0;
