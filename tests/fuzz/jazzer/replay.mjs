// Gives the target inputs from stdin, each in hex on a line; it needs no jazzer.js:
//
//   node replay.mjs FOLDER

import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const { fuzz } = require(join(resolve(process.argv[2]), "tests/fuzz/jazzer/codec.js"));
let tried = 0;
for await (const line of createInterface({ input: process.stdin })) {
  try {
    fuzz(Buffer.from(line, "hex"));
  } catch (error) {
    console.error(`the input is ${line}`);
    throw error;
  }
  tried += 1;
}
console.log(tried);
