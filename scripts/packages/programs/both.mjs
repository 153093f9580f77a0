import { createRequire } from "node:module";
import * as imported from "@mcp-gatehouse/resource-server";
import { tryOut } from "./try-out.cjs";

const required = createRequire(import.meta.url)("@mcp-gatehouse/resource-server");
for (const [name, value] of Object.entries(imported)) {
  if (required[name] !== value) throw new Error(`two copies of ${name}`);
}
if (Object.keys(required).length !== Object.keys(imported).length) throw new Error("not the same names");
await tryOut(required.protect);
