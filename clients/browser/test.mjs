// Bundles tests/clients/browser/*.test.ts and runs them, in the repository's root, so that a test
// reads protocol/vectors/*.json by that path. All run in this process: to start Node for each file
// costs more than its tests. Each file is a suite, with modules and hooks of its own.

import { rmSync } from "node:fs";
import { mkdtemp, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, describe, mock } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const tests = join(root, "tests/clients/browser");
const load = createRequire(import.meta.url);

async function bundle(names, directory) {
  await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => join(tests, name)),
    outdir: directory,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    format: "cjs", // a suite loads its file at once, so that the hooks in it are the suite's
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    nodePaths: [join(here, "node_modules")],
    logLevel: "warning",
  });
}

const names = (await readdir(tests)).filter((name) => name.endsWith(".test.ts"));
if (names.length === 0) throw new Error("there are no *.test.ts in tests/clients/browser");
const directory = await mkdtemp(join(tmpdir(), "roomwire-tests-"));
process.on("exit", () => rmSync(directory, { recursive: true }));
await bundle(names, directory);
process.chdir(root);
for (const name of names) {
  describe(name, () => {
    after(() => mock.reset()); // timers too: the next file has real ones
    load(join(directory, name.replace(/\.ts$/, ".cjs")));
  });
}
