#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one shall say what is missing, not choke on what it cannot
// parse.
import module from "node:module";
import { fileURLToPath } from "node:url";

const oldest = 24;

if (Number(process.versions.node.split(".")[0]) < oldest) {
  console.error(`gatehouse needs Node.js ${oldest} or newer; this is ${process.version}.`);
  process.exit(1);
}
// Halves the time to start. Beside the program, because whoever may write there may change the program as
// well; where this account may not, there is none.
module.enableCompileCache(fileURLToPath(new URL("../.cache", import.meta.url)));
await import("../src/main.ts");
