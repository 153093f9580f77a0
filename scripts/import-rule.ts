/**
 * Holds the code against the table "who may call whom" (CONTRIBUTING.md): every arrow points inwards. Prints each import that does
 * not, and exits 1.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const source = join(root, "packages/gatehouse/src");

/** For each room, the rooms it may import from besides itself. A file outside any folder is a room of its own. */
const allowed: Record<string, readonly string[]> = {
  oauth: [],
  caching: [],
  http: ["oauth"],
  pages: ["oauth"],
  identity: ["oauth", "caching"],
  "client-documents": ["oauth", "caching"],
  storage: ["oauth", "caching"],
  telemetry: ["oauth", "caching"],
  demo: [],
  "housekeeping.ts": ["oauth"],
  "look-around.ts": ["oauth"],
  keys: ["oauth"],
  config: ["oauth"],
  "gatehouse.ts": [
    "oauth",
    "http",
    "pages",
    "identity",
    "client-documents",
    "storage",
    "telemetry",
    "config",
    "housekeeping.ts",
    "look-around.ts",
    "keys",
  ],
  commands: ["oauth", "gatehouse.ts", "config", "keys", "telemetry", "storage"],
  "main.ts": ["commands"],
};

/** Packages the protocol core may use: none of them does I/O. */
const corePackages = ["node:crypto", "jose", "zod", "tldts", "re2js", "ipaddr.js"];

const errors: string[] = [];
for (const file of listFiles(source)) {
  const text = readFileSync(file, "utf8");
  const room = roomOf(file);
  for (const [, specifier = ""] of text.matchAll(
    /^(?:import|export)\b[^;]*?from "([^"]+)"|import\("([^"]+)"\)/gm,
  )) {
    if (!specifier.startsWith(".")) {
      if (room === "oauth" && !corePackages.includes(specifier))
        errors.push(`${where(file)} imports ${specifier}`);
      continue;
    }
    const target = roomOf(resolve(dirname(file), specifier));
    if (target !== room && !allowed[room]?.includes(target))
      errors.push(`${where(file)} imports from ${target}`);
  }
  if (/\bprocess\.env\b/.test(text) && room !== "config" && room !== "main.ts") {
    errors.push(`${where(file)} reads the environment; only config/ may`);
  }
}
for (const file of listFiles(join(root, "packages/resource-server/src"))) {
  if (/from "(?:mcp-gatehouse|[^"]*\/gatehouse\/)/.test(readFileSync(file, "utf8"))) {
    errors.push(`${where(file)} imports the server package`);
  }
}

for (const error of errors) console.error(error);
if (errors.length > 0) process.exit(1);

function listFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join(folder, name));
}

function roomOf(file: string): string {
  return relative(source, file).split("/")[0] ?? "";
}

function where(file: string): string {
  return relative(root, file);
}
