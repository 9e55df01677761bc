// Builds what users get from src/:
//   node build.mjs             relay/web, which the relay serves and the wheel carries
//   node build.mjs --package   dist/, which the npm package carries

import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

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

/** One ES module and its types. The package leaves its dependencies to npm. */
async function buildLibrary(directory, external) {
  await build({
    ...options,
    entryPoints: ["src/index.ts"],
    outfile: join(directory, "roomwire.js"),
    minify: external.length === 0,
    external,
  });
  const compiler = join(here, "node_modules/typescript/bin/tsc");
  const types = ["-p", join(here, "tsconfig.types.json"), "--outDir", join(directory, "types")];
  execFileSync(process.execPath, [compiler, ...types], { stdio: "inherit" });
  await writeFile(join(directory, "roomwire.d.ts"), 'export * from "./types/index.js";\n');
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

if (process.argv.includes("--package")) {
  await buildLibrary(join(here, "dist"), ["@msgpack/msgpack"]);
} else {
  await mkdir(join(web, "assets"), { recursive: true });
  await buildLibrary(join(web, "client"), []);
  await buildPages();
}
