import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** What of a page in `docs/servers/` is run. */
export interface Page {
  readonly name: string;
  /** Shell commands; empty when there is nothing to install. */
  readonly install: string;
  /** A shell command. */
  readonly run: string;
  /** The other blocks that have a name, by file name. */
  readonly files: ReadonlyMap<string, string>;
}

const folder = resolve(import.meta.dirname, "../docs/servers");

/**
 * Blocks whose fence has a word behind the language: it is shown by no renderer, and says what the block is.
 */
export function readPage(name: string): Page {
  const text = readFileSync(resolve(folder, `${name}.md`), "utf8");
  const blocks = new Map<string, string>();
  for (const [, word = "", code = ""] of text.matchAll(/^```\w+ ([\w./-]+)\n(.*?)^```$/gms)) {
    if (blocks.has(word)) throw new Error(`${name}.md has two blocks ${word}`);
    blocks.set(word, code);
  }
  const { install = "", run, ...files } = Object.fromEntries(blocks);
  if (run === undefined) throw new Error(`${name}.md does not say how to run it`);
  return { name, install, run, files: new Map(Object.entries(files)) };
}
