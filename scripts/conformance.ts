/**
 * Which test proves which requirement. Reads the IDs of docs/requirements.md and the titles of all tests,
 * prints for each ID its test, and fails on an ID claimed by two tests or unknown. `--write` brings
 * docs/conformance.md up to date; without it an outdated file is a failure too.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const report = join(root, "docs/conformance.md");
const id = /[A-Z](?:\d\d|-n\d+)/;

interface Claim {
  readonly title: string;
  readonly file: string;
}

const requirements = readRequirements();
const claims = readClaims();
const errors: string[] = [];
for (const [name, tests] of claims) {
  if (!requirements.has(name)) errors.push(`${name} is no requirement: ${tests.map(say).join("; ")}`);
  if (tests.length > 1)
    errors.push(`${name} is claimed by ${tests.length} tests: ${tests.map(say).join("; ")}`);
}

const text = render();
if (process.argv.includes("--write")) writeFileSync(report, text);
else if (readFileSync(report, "utf8") !== text) {
  errors.push("docs/conformance.md is out of date: npm run conformance -- --write");
}
console.log(text);
for (const error of errors) console.error(error);
if (errors.length > 0) process.exit(1);

/** Every ID of the checklist, with its group's letter as first character. */
function readRequirements(): Set<string> {
  const checklist = readFileSync(join(root, "docs/requirements.md"), "utf8");
  const rows = checklist.matchAll(/^(?:([A-Z]\d\d) \| |- `([A-Z]-n\d+)`)/gm);
  return new Set([...rows].map(([, requirement, negative]) => requirement ?? negative ?? ""));
}

/** The IDs at the start of each test's title. */
function readClaims(): Map<string, Claim[]> {
  const found = new Map<string, Claim[]>();
  for (const file of ["packages", "examples", "scripts", "interop"].flatMap((folder) =>
    listTests(join(root, folder)),
  )) {
    for (const [, , title = ""] of readFileSync(file, "utf8").matchAll(
      /\b(?:test|it)\(\s*(["'`])((?:[^\\]|\\.)*?)\1/g,
    )) {
      const [ids = ""] = new RegExp(`^(?:${id.source} )*`).exec(title) ?? [];
      for (const name of ids.split(" ").filter((part) => part !== "")) {
        const tests = found.get(name) ?? [];
        found.set(name, [...tests, { title: title.slice(ids.length), file: relative(root, file) }]);
      }
    }
  }
  return found;
}

function listTests(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter(
      (name) =>
        !/(?:^|\/)(?:node_modules|dist)\//.test(name) &&
        (name.endsWith(".test.ts") || name.includes("/contract/")),
    )
    .map((name) => join(folder, name));
}

function render(): string {
  const groups = Map.groupBy(requirements, (name) => name.charAt(0));
  const lines = [
    "# Conformance",
    "",
    "Made by `npm run conformance -- --write` from the titles of the tests; the requirements stand in [requirements.md](requirements.md).",
    "",
  ];
  for (const [letter, names] of groups) {
    const proven = names.filter((name) => claims.has(name));
    lines.push(`## ${letter}: ${proven.length} of ${names.length} proven`, "");
    for (const name of proven)
      for (const claim of claims.get(name) ?? []) lines.push(`- ${name}: ${say(claim)}`);
    const open = names.filter((name) => !claims.has(name));
    if (proven.length > 0) lines.push("");
    if (open.length > 0) lines.push(`Not proven yet: ${open.join(", ")}`, "");
  }
  const total = [...requirements].filter((name) => claims.has(name)).length;
  lines.push(`${total} of ${requirements.size} requirements and attacks are proven by a test.`, "");
  return lines.join("\n");
}

function say({ title, file }: Claim): string {
  return `${title} (\`${file}\`)`;
}
