// Runs browser_player.mjs in Node: one command a line in, one answer or piece of news a line out.

import { createInterface } from "node:readline";
import { stage } from "./browser_player.mjs";

const roomwire = await import(process.argv[2]);
const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const carryOut = stage(roomwire, say);

for await (const line of createInterface({ input: process.stdin })) {
  const { id, ...command } = JSON.parse(line);
  void carryOut(command).then((answer) => say({ id, ...answer }));
}
process.exit(0);
