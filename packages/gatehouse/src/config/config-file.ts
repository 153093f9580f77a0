import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Document, LineCounter, type YAMLError } from "yaml";
import { emptyFile, readBoundedFile } from "./bounded-file.ts";
import { maxToldErrors, type PassedBound, readYaml } from "./bounded-yaml.ts";
import { ConfigError, type ConfigProblem, quote } from "./config-errors.ts";
import { type FileContents, noContents, readEntries } from "./file-entries.ts";

const usualName = "gatehouse.yaml";
const maxFileBytes = 1_000_000;

/** What the file says; with no file: nothing. */
export interface ConfigFile extends FileContents {
  /** As people are told; `undefined` when there is none. */
  readonly path: string | undefined;
  readonly text: string;
  /** The first 12 digits of what `sha256sum` says of it. */
  readonly hash: string;
  /** Where it ends without a line break, as what is half written does. */
  readonly unfinishedAt: string | undefined;
  /** Where the line `...` ends it, if one does: from then on, a file without one is half written. */
  readonly endsAt: string | undefined;
}

const readNothing = { ...noContents, text: "", hash: "", unfinishedAt: undefined, endsAt: undefined };

export const noConfigFile: ConfigFile = { ...readNothing, path: undefined };

/** A file as another process of the same server has read it; with no path: that there is none. */
export type GivenFile = Pick<ConfigFile, "path" | "text">;

/** The same file, as it was then. @param errors told of everything that is wrong with it */
export function readGivenFile({ path, text }: GivenFile, errors: ConfigProblem[]): ConfigFile {
  if (path === undefined) return noConfigFile;
  return text === "" ? { ...readNothing, path } : { path, ...read(text, path, errors) };
}

/**
 * The configuration file: what `--config` names, else what `GATEHOUSE_CONFIG` does, else `gatehouse.yaml` in
 * the working folder, if it is there.
 *
 * @param errors told of everything that is wrong with it
 * @throws ConfigError for a file that nobody named, in a folder where others may put one
 */
export function readConfigFile(
  named: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  errors: ConfigProblem[],
): ConfigFile {
  const fromEnvironment = environment.GATEHOUSE_CONFIG?.trim();
  const path = named ?? (fromEnvironment || (existsSync(usualName) ? usualName : undefined));
  if (path === undefined) return noConfigFile;
  if (named === undefined && !fromEnvironment) refuseOthersFolder(path);
  const content = readBoundedFile(path, maxFileBytes);
  const variable = named !== undefined ? "--config" : fromEnvironment ? "GATEHOUSE_CONFIG" : usualName;
  const expected = `a YAML file of at most ${maxFileBytes} bytes, in UTF-8`;
  if ("problem" in content) {
    if (content.problem === emptyFile) return { ...readNothing, path };
    errors.push({ variable, found: `${quote(path)}, ${content.problem}`, expected });
    return { ...readNothing, path };
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(content.bytes);
  } catch {
    errors.push({ variable, found: `${quote(path)}, not UTF-8`, expected });
    return { ...readNothing, path };
  }
  return { path, ...read(text, path, errors) };
}

function read(text: string, path: string, errors: ConfigProblem[]): Omit<ConfigFile, "path"> {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return { text, hash, ...parse(text, path, errors) };
}

/** A stranger's file in `/tmp` must not decide who may sign in. */
function refuseOthersFolder(path: string): void {
  const folder = dirname(resolve(path));
  if (process.platform === "win32" || (statSync(folder).mode & 0o002) === 0) return;
  throw new ConfigError([
    {
      variable: usualName,
      found: `it in ${quote(folder)}, a folder in which every account of this computer may put files`,
      expected: `the file named by --config ${usualName} if it is yours, or a folder of your own`,
    },
  ]);
}

function parse(
  text: string,
  path: string,
  errors: ConfigProblem[],
): Omit<ConfigFile, "path" | "text" | "hash"> {
  const lines = new LineCounter();
  const document = readYaml(text, lines);
  const placeAt = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const contents = "offset" in document ? refuse(document) : readDocument(document);
  const atEnd = placeAt(text.length);
  return {
    ...contents,
    unfinishedAt: text.endsWith("\n") ? undefined : atEnd,
    endsAt: /(?:^|\n)\.\.\.[ \t]*\r?\n$/.test(text) ? atEnd : undefined,
  };

  function refuse({ offset, found, expected }: PassedBound): FileContents {
    errors.push({ variable: "", place: placeAt(offset), found, expected });
    return noContents;
  }

  function readDocument(document: Document.Parsed): FileContents {
    const unreadable = [...document.errors, ...document.warnings];
    if (unreadable.length === 0) return readEntries(document, placeAt, errors);
    for (const error of unreadable.slice(0, maxToldErrors)) {
      errors.push({ variable: "", place: placeAt(error.pos[0]), ...(explanations[error.code] ?? notYaml) });
    }
    return noContents;
  }
}

type Explanation = Pick<ConfigProblem, "found" | "expected">;

/** In our own words: the parser's would quote the file, and what stands there may be a secret. */
const explanations: Partial<Record<YAMLError["code"], Explanation>> = {
  MULTIPLE_DOCS: { found: "a second document", expected: "one document: no line --- in the middle" },
  TAG_RESOLVE_FAILED: { found: "a tag that means nothing here", expected: "plain values without !tags" },
  TAB_AS_INDENT: { found: "a tab before the text", expected: "spaces" },
  BAD_INDENT: { found: "a line that is not indented like its neighbours", expected: "two spaces a level" },
  MISSING_CHAR: { found: "something that is not closed, or a colon missing", expected: "key: value" },
};
const notYaml: Explanation = {
  found: "something that YAML cannot read",
  expected: 'key: value; text that holds : or # in "quotes"',
};
