#!/usr/bin/env node
// Plain JavaScript that any Node can read: an old one shall say what is missing, not choke on what it cannot parse.
const oldest = 24;

if (Number(process.versions.node.split(".")[0]) < oldest) {
  console.error(`gatehouse needs Node.js ${oldest} or newer; this is ${process.version}.`);
  process.exit(1);
}
await import("../src/main.ts");
