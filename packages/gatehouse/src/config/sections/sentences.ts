import { z } from "zod";
import { replaceable } from "../../pages/sentences.ts";
import { edits } from "../edits.ts";
import type { Section } from "./section.ts";
import { problemWith } from "./sentence-problems.ts";

const ofOneLanguage = z.record(z.string(), z.string("a text, in quotes where it begins with {"));

export const sentencesSchema = z.strictObject({
  en: ofOneLanguage.optional().describe("In English, by key."),
  de: ofOneLanguage.optional().describe("In German, by key."),
});
export type DeclaredSentences = z.output<typeof sentencesSchema>;

export const sentencesSection: Section<DeclaredSentences> = {
  title: "Sentences of the pages",
  meaning:
    "Sentences in place of the pages' own, by key ([sentences.md](sentences.md) lists them), with the same `{placeholders}`. They are text: markup in them is shown as it stands. None can be left out but `footer`. Read again at SIGHUP.",
  schema: sentencesSchema,
  example: `sentences:
  en:
    footer: "Sign-in of Example Corp. Questions? Ask the service desk."
    refusedPerson.anotherAccount: "Use my other Example account"
    consent.onlyIfKnown: "Go on only if you know this website and just came from it. If in doubt, ask."
`,
  check(sentences, { problem }) {
    for (const [language, own] of Object.entries(sentences)) {
      for (const [key, text] of Object.entries(own ?? {})) {
        const wrong = problemWith(key, text);
        if (wrong === undefined) continue;
        const meant = replaceable.has(key) ? undefined : nearest(key);
        const expected = meant === undefined ? wrong.expected : `${meant}: did you mean that?`;
        problem([language, key], wrong.found, expected);
      }
    }
  },
};

function nearest(key: string): string | undefined {
  const [best] = [...replaceable.keys()]
    .map((known) => ({ known, distance: edits(key.slice(0, 100), known) }))
    .sort((one, other) => one.distance - other.distance);
  return best !== undefined && best.distance <= key.length / 4 ? best.known : undefined;
}
