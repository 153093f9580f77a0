/**
 * What CHANGELOG.md says of one version.
 *
 *     node scripts/release-notes.ts v1.2.3           prints its section
 *     node scripts/release-notes.ts --check v1.2.3   prints 1.2.3; ends with 1 when anything differs
 *     node scripts/release-notes.ts --date           makes what is unreleased the packages' version, of today
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const changelog = join(root, "CHANGELOG.md");
const unreleased = "## Unreleased";

/** The text below the heading of this version, without it. @throws when there is none, or nothing in it */
export function notesOf(text: string, version: string): string {
  const sections = text.split(/^(?=## )/m);
  const section = sections.find((part) => /^## ([^\s]+)/.exec(part)?.[1] === version);
  const notes = section?.slice(section.indexOf("\n")).trim() ?? "";
  if (notes === "") throw new Error(`CHANGELOG.md says nothing of ${version}`);
  return notes;
}

/**
 * The changelog with what was unreleased under this version's heading, and an empty section above it. @throws
 * when nothing was unreleased
 */
export function datedChangelog(text: string, version: string, day: string): string {
  notesOf(text, "Unreleased");
  return text.replace(unreleased, `${unreleased}\n\n## ${version} - ${day}`);
}

/** The version that both packages have. @throws when they differ, or are not the one of the tag */
export function versionOf(tag: string | undefined, versions: readonly string[]): string {
  const [version = ""] = versions;
  if (versions.some((other) => other !== version)) {
    throw new Error(`the packages have different versions: ${versions.join(", ")}`);
  }
  if (tag !== undefined && tag !== `v${version}`) {
    throw new Error(`the tag is ${tag}, the packages have version ${version}`);
  }
  return version;
}

function packageVersions(): string[] {
  return ["gatehouse", "resource-server"].map((name) => {
    const manifest = readFileSync(join(root, "packages", name, "package.json"), "utf8");
    return (JSON.parse(manifest) as { version: string }).version;
  });
}

if (import.meta.main) {
  const [first, second] = process.argv.slice(2);
  const text = readFileSync(changelog, "utf8");
  try {
    if (first === "--date") {
      const today = new Date().toISOString().slice(0, 10);
      writeFileSync(changelog, datedChangelog(text, versionOf(undefined, packageVersions()), today));
    } else {
      const version = versionOf(first === "--check" ? second : first, packageVersions());
      const notes = notesOf(text, version);
      console.log(first === "--check" ? version : notes);
    }
  } catch (error) {
    console.error((error as Error).message);
    process.exit(1);
  }
}
