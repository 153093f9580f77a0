/**
 * Runs the servers of docs/servers/ and docs/gateway.md in other languages: see README.md. Exits 0 when what
 * could be run works, 1 when it does not or a required toolchain is absent, 2 for wrong usage.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { findLack, toolchains } from "./toolchains.ts";

const required = readRequired();
const wanted = Object.keys(toolchains).filter(
  (name) => toolchains[name]?.onRequest !== true || required.includes(name),
);
const lacks = new Map<string, string>();
for (const name of wanted) {
  const lack = findLack(name);
  if (lack !== undefined) lacks.set(name, lack);
}
for (const [name, lack] of lacks) {
  const { pages: own = [], recipe } = toolchains[name] ?? {};
  const pages = own.map((page) => `docs/servers/${page}.md`);
  if (recipe !== undefined) pages.push(`docs/gateway.md (${recipe})`);
  console.log(`${lack}: not run: ${pages.join(", ")}`);
}
if (required.some((name) => lacks.has(name))) process.exit(1);

const lost = new Set([...lacks.keys()].flatMap((name) => toolchains[name]?.pages ?? []));
const pages = new Set(wanted.flatMap((name) => toolchains[name]?.pages ?? []));
const runnable = [...pages].filter((page) => !lost.has(page));
if (runnable.length === 0) {
  console.log("No page can be run here.");
  process.exit(0);
}
const recipes = wanted.flatMap((name) => (lacks.has(name) ? [] : (toolchains[name]?.recipe ?? [])));
const files = ["servers.test.ts", "gateway.test.ts"].map((file) => resolve(import.meta.dirname, file));
const { status } = spawnSync(process.execPath, ["--test", ...files], {
  stdio: "inherit",
  env: { ...process.env, INTEROP_PAGES: runnable.join(","), INTEROP_RECIPES: recipes.join(",") },
});
process.exit(status ?? 1);

function readRequired(): readonly string[] {
  try {
    const { values } = parseArgs({ options: { require: { type: "string", default: "" } } });
    const names = values.require.split(",").filter((name) => name !== "");
    const unknown = names.find((name) => toolchains[name] === undefined);
    if (unknown === undefined) return names;
    console.error(`--require ${unknown}: it is none of ${Object.keys(toolchains).join(", ")}`);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
  }
  return process.exit(2);
}
