// Builds what users get from src/:
//   node build.mjs             relay/web, which the relay serves and the wheel carries
//   node build.mjs --package   dist/, which the npm package carries

import { execFileSync } from "node:child_process";
import { cp, mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, extname, join } from "node:path";
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

/** Pages go to the root, their scripts and styles are bundled to assets/, the rest is copied there. */
async function buildPages() {
  const files = await readdir(page);
  const bundled = files.filter((name) => [".ts", ".css"].includes(extname(name)));
  await build({
    ...options,
    entryPoints: bundled.map((name) => join(page, name)),
    outdir: join(web, "assets"),
    minify: true,
    splitting: true,
    external: ["/assets/*"],
  });
  for (const name of files.filter((name) => extname(name) && !bundled.includes(name))) {
    await cp(join(page, name), join(web, extname(name) === ".html" ? "" : "assets", name));
  }
}

if (process.argv.includes("--package")) {
  await buildLibrary(join(here, "dist"), ["@msgpack/msgpack"]);
} else {
  await mkdir(join(web, "assets"), { recursive: true });
  await buildLibrary(join(web, "client"), []);
  await buildPages();
}
