// Our browser client in Node under test: `node clients/conform/testees/node.mjs`.
// Before version 22, Node needs --experimental-websocket.

import { createInterface } from "node:readline";

import * as roomwire from "../../../relay/web/client/roomwire.js";
import { testee } from "./testee.mjs";

const write = (line) => process.stdout.write(`${line}\n`);
const take = testee(roomwire, `Roomwire for JavaScript in Node ${process.version}`, write);

for await (const line of createInterface({ input: process.stdin })) take(line);
process.exit(0);
