import type { Language } from "../language.ts";
import { consoleGerman } from "./words.de.ts";
import { type ConsoleWords, consoleEnglish } from "./words.ts";

/** What the console says, in each language of the pages. */
export const consoleCatalogues: Readonly<Record<Language, ConsoleWords>> = {
  en: consoleEnglish,
  de: consoleGerman,
};
