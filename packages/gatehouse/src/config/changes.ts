import { createHash } from "node:crypto";
import type { Config } from "./config.ts";
import type { ConfigProblem } from "./config-errors.ts";
import type { ConfigFile } from "./config-file.ts";
import { sectionNames } from "./sections/sections.ts";
import { listSettings } from "./settings-table.ts";
import type { Sources } from "./sources.ts";

/*
 * What a configuration that is read while the server runs may not be, and what of it has to wait.
 */

/**
 * Why a file is not believed though nothing in it is wrong: what is half written, emptied or merged wrongly
 * must not remove anything.
 */
export function hasTakenLeave(running: Config, next: Config): ConfigProblem | undefined {
  const { file } = running;
  if (file === undefined) return undefined;
  const about = { variable: "", place: next.file?.path ?? file.path };
  if (next.file === undefined) {
    return { ...about, found: "no such file", expected: "the file that holds now" };
  }
  if (next.file.hash === "" && file.hash !== "") {
    return {
      ...about,
      place: `${about.place}:1:1`,
      found: "nothing in it",
      expected: "what it held, or a change",
    };
  }
  if (next.file.unfinishedAt !== undefined) {
    const expected = "a line break at the end: without it the file is taken for half written";
    return { ...about, place: next.file.unfinishedAt, found: "the end of the file", expected };
  }
  if (file.endsAt !== undefined && next.file.endsAt === undefined) {
    return { ...about, found: "the end of the file", expected: "the line ... at its end, which it had" };
  }
  const gone = sectionNames.find((name) => hasSection(running, name) && !hasSection(next, name));
  if (gone === undefined) return undefined;
  const expected = `the section ${gone}: it had; to empty it: ${gone}: []`;
  return { variable: gone, place: `${about.place}:1:1`, found: "no such section", expected };
}

const hasSection = ({ sections }: Config, name: string) => name in sections;

/** Of the file and the settings that are given: 12 digits. Secrets come into it only by the file's own. */
export function fingerprintOf(file: Config["file"], { winning }: Sources): string {
  const given = listSettings().map(({ name, secret }) => {
    const text = winning.get(name)?.text;
    return secret ? text !== undefined : (text ?? null);
  });
  return createHash("sha256")
    .update(JSON.stringify([file?.hash, given]))
    .digest("hex")
    .slice(0, 12);
}

/** The sections of the file that say something else than before. */
export function changedSections(before: ConfigFile, after: ConfigFile): string[] {
  const textOf = ({ sections }: ConfigFile, name: string) => JSON.stringify(sections.written.get(name));
  return sectionNames.filter((name) => textOf(before, name) !== textOf(after, name));
}

/** The settings that are given otherwise than before, as the file calls them. */
export function changedSettings(before: Sources, after: Sources): string[] {
  return listSettings().flatMap(({ name, path }) =>
    before.winning.get(name)?.text === after.winning.get(name)?.text ? [] : [path ?? name],
  );
}
