import { readFileSync } from "node:fs";
import { resolve } from "node:path";

/** What of a page in `docs/` is run. */
export interface Page {
  readonly name: string;
  /** Shell commands; empty when there is nothing to install. */
  readonly install: string;
  /** A shell command. */
  readonly run: string;
  /** The other blocks that have a name, by file name. */
  readonly files: ReadonlyMap<string, string>;
}

const docs = resolve(import.meta.dirname, "../docs");

/**
 * A page of `docs/servers/`: blocks whose fence has a word behind the language, which is shown by no
 * renderer, and says what the block is.
 */
export function readPage(name: string): Page {
  return pageOf(name, blocksOf(`servers/${name}.md`));
}

/** A server among the recipes of `docs/gateway.md`: the blocks whose word begins with `name` and a slash. */
export function readRecipe(name: string): Page {
  const blocks = blocksOf("gateway.md");
  const own = [...blocks].filter(([word]) => word.startsWith(`${name}/`));
  return pageOf(`gateway-${name}`, new Map(own.map(([word, code]) => [word.slice(name.length + 1), code])));
}

function blocksOf(path: string): ReadonlyMap<string, string> {
  const text = readFileSync(resolve(docs, path), "utf8");
  const blocks = new Map<string, string>();
  for (const [, word = "", code = ""] of text.matchAll(/^```\w+ ([\w./-]+)\n(.*?)^```$/gms)) {
    if (blocks.has(word)) throw new Error(`${path} has two blocks ${word}`);
    blocks.set(word, code);
  }
  return blocks;
}

function pageOf(name: string, blocks: ReadonlyMap<string, string>): Page {
  const { install = "", run, ...files } = Object.fromEntries(blocks);
  if (run === undefined) throw new Error(`${name} does not say how to run it`);
  return { name, install, run, files: new Map(Object.entries(files)) };
}
