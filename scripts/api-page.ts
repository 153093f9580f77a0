/**
 * Writes docs/api/resource-server.md from the comments of what the package for MCP servers exports: `npm run
 * docs:api`. The compiler's declarations say what is exported and how it is called; the comments stand in
 * them as they were written.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "..");
const source = join(root, "packages/resource-server");
export const apiPage = join(root, "docs/api/resource-server.md");

/** A declaration of a file's top level. */
interface Declaration {
  readonly name: string;
  readonly isFunction: boolean;
  readonly isExported: boolean;
  /** Without the stars. */
  readonly comment: string;
  readonly code: string;
}

export function renderApiPage(): string {
  const folder = mkdtempSync(join(root, "node_modules/.api-page-"));
  try {
    emitDeclarations(folder);
    return `# The functions and types of \`@mcp-gatehouse/resource-server\`

Made from the comments in its source by \`npm run docs:api\`. [Protecting an MCP server](../resource-server.md) is the guide.

${renderEntries(folder, "index")}

# \`@mcp-gatehouse/resource-server/parts\`

${commentOf(join(source, "src/parts.ts"))}

${renderEntries(folder, "parts")}`;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a file of exports hands on: functions first, then types. */
function renderEntries(folder: string, name: string): string {
  const index = readFileSync(join(folder, `${name}.d.ts`), "utf8");
  const entries = [...index.matchAll(/^export .*\{([^}]*)\} from "\.\/([\w-]+)\.ts";$/gm)].flatMap(
    ([, names = "", file = ""]) => {
      const declarations = readDeclarations(readFileSync(join(folder, `${file}.d.ts`), "utf8"));
      return names
        .split(",")
        .map((name) => name.replace(/\btype\b/, "").trim())
        .filter((name) => name !== "")
        .map((name) => find(declarations, name))
        .map((declaration) => ({ declaration, declarations }));
    },
  );
  const [functions, types] = [true, false].map((wanted) =>
    entries
      .filter(({ declaration }) => declaration.isFunction === wanted)
      .map(({ declaration, declarations }) => renderEntry(declaration, declarations)),
  );
  return [(functions ?? []).join("\n"), (types ?? []).join("\n")].join("\n");
}

/** The comment on top of a file, as one paragraph. */
function commentOf(file: string): string {
  const [, comment = ""] = /^\/\*\*(.*?)\*\//s.exec(readFileSync(file, "utf8")) ?? [];
  return comment.replace(/\s*\n \* ?/g, " ").trim();
}

function emitDeclarations(folder: string): void {
  const settings = {
    extends: join(root, "tsconfig.json"),
    compilerOptions: {
      ...{ noEmit: false, declaration: true, emitDeclarationOnly: true },
      ...{ rootDir: join(source, "src"), outDir: folder, typeRoots: [join(root, "node_modules/@types")] },
    },
    include: [join(source, "src")],
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [compiler, "-p", folder], { encoding: "utf8" });
  if (status !== 0) throw new Error(stdout);
}

/**
 * Line by line, as the compiler lays them out: a comment, then the declaration to the end of its outermost
 * bracket.
 */
function readDeclarations(text: string): Declaration[] {
  const declarations: Declaration[] = [];
  const lines = text.split("\n").values();
  let comment = "";
  for (const line of lines) {
    if (line.startsWith("/**")) {
      comment = through(lines, line, (read) => read.endsWith("*/")).replace(/^\/\*\*|\s*\*\/$|^ *\* ?/gm, "");
      continue;
    }
    const [, exported, kind, name = ""] =
      /^(export )?(?:declare )?(function|interface|type|class|const) (\w+)/.exec(line) ?? [];
    if (kind !== undefined) {
      const end = kind === "interface" || kind === "class" ? "}" : ";";
      declarations.push({
        name,
        isFunction: kind === "function",
        isExported: exported !== undefined,
        comment: comment.trim(),
        code: through(lines, line, (read) => read.endsWith(end) && depthOf(read) === 0).replace(
          /^export /,
          "",
        ),
      });
    }
    comment = "";
  }
  return declarations;
}

/** Reads on from `first` until what was read is complete. */
function through(lines: Iterator<string>, first: string, isComplete: (read: string) => boolean): string {
  let read = first;
  while (!isComplete(read)) {
    const { value, done } = lines.next();
    if (done) throw new Error(`no end of ${first}`);
    read += `\n${value}`;
  }
  return read;
}

function depthOf(code: string): number {
  const bare = code.replace(/\/\*\*.*?\*\//gs, "");
  return (bare.match(/[{([]/g)?.length ?? 0) - (bare.match(/[})\]]/g)?.length ?? 0);
}

function find(declarations: readonly Declaration[], name: string): Declaration {
  const found = declarations.find((declaration) => declaration.name === name);
  if (found === undefined) throw new Error(`there is no declaration of ${name}`);
  if (found.comment === "") throw new Error(`${name} has no comment`);
  return found;
}

function renderEntry({ name, comment, code }: Declaration, declarations: readonly Declaration[]): string {
  const [text = "", ...tags] = comment.split(/^@(?=\w)/m);
  const examples = tags.filter((tag) => tag.startsWith("example"));
  const rest = tags.filter((tag) => !tag.startsWith("example"));
  // What it is made of and nobody can import is shown beside it.
  const parts = declarations.filter(
    (other) => !other.isExported && new RegExp(`\\b${other.name}\\b`).test(code),
  );
  return [
    `## \`${name}\`\n`,
    text.trim() && `${text.trim()}\n`,
    rest.length > 0 && `${rest.map(renderTag).join("\n")}\n`,
    `\`\`\`typescript\n${[code, ...parts.map((part) => part.code)].join("\n")}\n\`\`\`\n`,
    ...examples.map((example) => `${example.replace(/^example\s*/, "").trim()}\n`),
  ]
    .filter((part) => part !== false && part !== "")
    .join("\n");
}

function renderTag(tag: string): string {
  const [, kind = "", text = ""] = /^(\w+)\s+(.*)$/s.exec(tag.trim()) ?? [];
  const sentence = text.replace(/\s*\n\s*/g, " ");
  const [subject = "", ...words] = sentence.split(" ");
  if (kind === "returns") return `* returns ${sentence}`;
  return `* ${kind === "throws" ? "throws " : ""}\`${subject}\` ${words.join(" ")}`;
}

if (import.meta.main) {
  mkdirSync(dirname(apiPage), { recursive: true });
  writeFileSync(apiPage, renderApiPage());
}
