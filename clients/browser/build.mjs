// Builds what users get from src/ into relay/web, which the relay serves and the wheel carries.

import { execFileSync } from "node:child_process";
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { ambientTypes } from "./ambient.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../../relay/web");
const page = join(here, "src/page");

const options = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  target: "es2022",
  sourcemap: true,
  logLevel: "warning",
};

/** One ES module for imports from the relay, its types, and both as a package for npm. */
async function buildLibrary(directory) {
  const scratch = await mkdtemp(join(tmpdir(), "roomwire-build-"));
  try {
    const dist = join(scratch, "dist");
    await build({
      ...options,
      entryPoints: ["src/index.ts"],
      outfile: join(dist, "roomwire.js"),
      minify: true,
      keepNames: true, // a console shows the names of classes
    });
    await cp(dist, directory, { recursive: true });
    const types = join(dist, "types");
    const compiler = join(here, "node_modules/typescript/bin/tsc");
    run(compiler, "-p", join(here, "tsconfig.types.json"), "--outDir", types);
    await writeFile(join(directory, "roomwire.d.ts"), await ambientTypes(types));
    await packTo(directory, scratch);
  } finally {
    await rm(scratch, { recursive: true });
  }
}

/** Packs what was built as npm does: the same bytes for the same files, wherever it is built. */
async function packTo(directory, scratch) {
  const text = await readFile(join(here, "package.json"), "utf8");
  // What it needs is bundled, so that an install asks no registry.
  const { private: _, scripts, devDependencies, ...described } = JSON.parse(text);
  await writeFile(join(scratch, "package.json"), `${JSON.stringify(described, null, 2)}\n`);
  await cp(join(here, "README.md"), join(scratch, "README.md"));
  await cp(join(here, "../../LICENSE"), join(scratch, "LICENSE"));
  await cp(join(here, "../../protocol/vectors"), join(scratch, "vectors"), { recursive: true });
  const { npm_execpath: npm } = process.env;
  if (!npm) throw new Error("run this by npm: npm run build");
  run(npm, "pack", scratch, "--silent", "--ignore-scripts", "--pack-destination", scratch);
  const [made] = (await readdir(scratch)).filter((name) => name.endsWith(".tgz"));
  await cp(join(scratch, made), join(directory, `${described.name}.tgz`));
}

/** Runs a script of Node's; what it prints is of interest only where it fails. */
function run(...script) {
  execFileSync(process.execPath, script, { stdio: ["ignore", "pipe", "inherit"] });
}

/**
 * NAME.html goes to the root; NAME.ts and NAME.css are bundled, with what they import, to assets/.
 * The relay writes the page of docs.css itself.
 */
async function buildPages() {
  const pages = (await readdir(page)).filter((name) => extname(name) === ".html");
  const names = pages.map((name) => basename(name, ".html"));
  await build({
    ...options,
    entryPoints: [
      ...names.flatMap((name) => [join(page, `${name}.ts`), join(page, `${name}.css`)]),
      join(page, "docs.css"),
    ],
    outdir: join(web, "assets"),
    minify: true,
    splitting: true,
  });
  for (const name of pages) await cp(join(page, name), join(web, name));
}

await mkdir(join(web, "assets"), { recursive: true });
await mkdir(join(web, "client"), { recursive: true });
await buildLibrary(join(web, "client"));
await buildPages();
