// Makes CommonJS of the codec and its target, file by file, so that coverage is told by file:
//
//   node build.mjs FOLDER

import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "../../../clients/browser/node_modules/esbuild/lib/main.js";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../../..");
const protocol = join(root, "clients/browser/src/protocol");
const files = await readdir(protocol, { recursive: true });

await build({
  entryPoints: [
    ...files.filter((name) => name.endsWith(".ts")).map((name) => join(protocol, name)),
    join(root, "tests/fuzz/jazzer/codec.mjs"),
  ],
  outbase: root,
  outdir: process.argv[2],
  format: "cjs",
  platform: "node",
  target: "es2022",
  logLevel: "warning",
});
