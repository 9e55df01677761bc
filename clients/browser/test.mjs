// Bundles tests/clients/browser/*.test.ts and runs them with node --test, in the repository's root,
// so that a test reads protocol/vectors/*.json by that path.

import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "../..");
const tests = join(root, "tests/clients/browser");

async function bundle(directory) {
  const names = (await readdir(tests)).filter((name) => name.endsWith(".test.ts"));
  if (names.length === 0) throw new Error("there are no *.test.ts in tests/clients/browser");
  await build({
    absWorkingDir: root,
    entryPoints: names.map((name) => join(tests, name)),
    outdir: directory,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    nodePaths: [join(here, "node_modules")],
    logLevel: "warning",
  });
  return names.map((name) => join(directory, name.replace(/\.ts$/, ".mjs")));
}

const directory = await mkdtemp(join(tmpdir(), "roomwire-tests-"));
try {
  const files = await bundle(directory);
  const node = ["--enable-source-maps", "--test", "--test-reporter=spec", ...files];
  process.exitCode = spawnSync(process.execPath, node, { cwd: root, stdio: "inherit" }).status ?? 1;
} finally {
  await rm(directory, { recursive: true });
}
