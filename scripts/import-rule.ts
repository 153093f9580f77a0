/**
 * Holds the code against the tables of who may call whom in CONTRIBUTING.md, those of the house, the
 * protocol and the gateway: every arrow points inwards. Prints each import that does not, and a table in it
 * that says something else than this one; exits 1 then.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const source = join(root, "packages/gatehouse/src");

/** What stands around the protocol, in the order in which CONTRIBUTING.md lists it. */
const adapters = [
  "oauth",
  "http",
  "pages",
  "identity",
  "access",
  "gateway",
  "mail",
  "client-documents",
  "storage",
  "telemetry",
  "config",
  "housekeeping.ts",
  "look-around.ts",
  "readiness.ts",
  "keys",
  "insight",
];

/**
 * For each room, the rooms it may import from besides itself. A file outside any folder is a room of its own.
 */
const allowed: Record<string, readonly string[]> = {
  oauth: [],
  caching: [],
  guarded: [],
  http: ["oauth"],
  pages: ["oauth", "shipped-files.ts"],
  identity: ["oauth", "caching"],
  access: ["oauth"],
  gateway: ["oauth", "caching"],
  mail: ["oauth"],
  "client-documents": ["oauth", "caching", "guarded", "shipped-files.ts", "refused-certificate.ts"],
  storage: ["oauth", "caching", "shipped-files.ts"],
  telemetry: ["oauth", "caching"],
  demo: [],
  "shipped-files.ts": [],
  "refused-certificate.ts": [],
  "housekeeping.ts": ["oauth"],
  "look-around.ts": ["oauth"],
  "readiness.ts": ["oauth"],
  keys: ["oauth", "config"],
  insight: ["oauth", "caching", "guarded"],
  config: ["oauth", "access", "identity", "gateway", "pages"],
  start: [...adapters, "shipped-files.ts", "refused-certificate.ts"],
  "gatehouse.ts": ["start", ...adapters],
  commands: [
    "oauth",
    "access",
    "gatehouse.ts",
    "start",
    "config",
    "keys",
    "insight",
    "telemetry",
    "storage",
    "shipped-files.ts",
  ],
  "main.ts": ["commands"],
};

/**
 * The floors of `oauth/`, from the top down. What stands on one may import what stands on lower ones, never
 * its neighbours; a folder's files may import each other.
 */
const floors: readonly (readonly string[])[] = [
  ["authorization-server"],
  ["endpoints"],
  ["authorization", "grants"],
  ["provisioning"],
  ["clients"],
  ["services", "tracing", "scope", "resource", "pkce", "subject"],
  ["tokens", "redirects", "messages", "wrapped-providers"],
  ["store", "ports"],
  ["declarations", "scope-changes"],
  ["records", "trace-step", "settings", "grant-types", "reason", "audit-record", "json-text"],
  ["values", "text", "host", "subscriber", "reference", "audit-events", "harmless"],
];

/** A call's way through a door of `gateway/`: steps that do not know each other. */
const steps = [
  "edge",
  "token",
  "body",
  "messages",
  "sessions",
  "permissions",
  "limits",
  "identity",
  "{ http, stdio }",
  "relay",
  "audit",
];
/** Who puts the steps together. */
const stepCallers = ["door.ts", "gateway.ts"];
/** What others may know of a step: what it hands on, and how it reads bytes. */
const handedOn = [
  "messages/asked.ts",
  "messages/json-reader.ts",
  "relay/rewriter.ts",
  "relay/open-streams.ts",
  "relay/event-data.ts",
  "relay/event-splitter.ts",
];

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
    if (room === "oauth" && target === "oauth") checkFloors(file, resolve(dirname(file), specifier));
    if (room === "gateway" && target === "gateway") checkSteps(file, resolve(dirname(file), specifier));
  }
  if (/\bimport\.meta\.(?:dirname|filename|url)\b/.test(text) && room !== "shipped-files.ts") {
    errors.push(
      `${where(file)} looks where the program lies; the single executable lies nowhere: shipped-files.ts`,
    );
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

for (const room of [source, join(source, "oauth")].flatMap(listRooms)) {
  if (!existsSync(join(room, "README.md"))) errors.push(`${where(room)}/ has no door plate (README.md)`);
}

const guide = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
for (const table of [outerTable(), innerTable(), stepsTable()]) {
  if (!guide.includes(table)) errors.push(`CONTRIBUTING.md does not say: ${table}`);
}

for (const error of errors) console.error(error);
if (errors.length > 0) process.exit(1);

/**
 * Endpoints do not know each other, either: what two share stands on a lower floor. Those of the console
 * share a frame of their own.
 */
function checkFloors(file: string, target: string): void {
  const [from, to] = [placeOf(file), placeOf(target)];
  const [above, below] = [floorOf(from), floorOf(to)];
  if (above === -1) errors.push(`${where(file)} stands on no floor of oauth/`);
  const isOfConsole = [file, target].every((path) => path.includes("/endpoints/console/"));
  const isEndpointsOwn =
    from === "endpoints" && to === "endpoints" && !isOfConsole && !target.endsWith("/error-response.ts");
  if (from === to ? isEndpointsOwn : below <= above) errors.push(`${where(file)} imports ${where(target)}`);
}

function checkSteps(file: string, target: string): void {
  const [from, to] = [file, target].map((path) => relative(join(source, "gateway"), path));
  const [above, below] = [stepOf(from), stepOf(to)];
  if (below === undefined || above === below || stepCallers.includes(from ?? "")) return;
  if (!handedOn.includes(to ?? "")) errors.push(`${where(file)} imports ${where(target)}, of another step`);
}

/** `undefined` for what is no step's. */
function stepOf(path = ""): string | undefined {
  const place = path.split("/")[0]?.replace(/\.ts$/, "") ?? "";
  return steps
    .join(" ")
    .split(/[{}, ]+/)
    .find((step) => step === place);
}

/** A folder of `oauth/`, or a file beside them. */
function placeOf(file: string): string {
  return (relative(join(source, "oauth"), file).split("/")[0] ?? "").replace(/\.ts$/, "");
}

function floorOf(place: string): number {
  return floors.findIndex((floor) => floor.includes(place));
}

/** As CONTRIBUTING.md tells it. */
function outerTable(): string {
  const around = adapters.filter((room) => room !== "oauth").map((room) => room.replace(/\.ts$/, ""));
  return `main → commands → gatehouse → start → { ${around.join(", ")} } → oauth`;
}

function innerTable(): string {
  return floors.map((floor) => (floor.length === 1 ? floor[0] : `{ ${floor.join(", ")} }`)).join(" → ");
}

function stepsTable(): string {
  return `gateway → door → ${steps.join(", ")}`;
}

/** The folders in one, each a room with a README.md of a few lines at its door. */
function listRooms(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

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
