import { replaceable } from "../../pages/sentences.ts";

const maxLength = 1000;

/** What is wrong with a sentence: what was found, and what is expected; `undefined`: nothing. */
export function problemWith(
  key: string,
  text: string,
): { readonly found: string; readonly expected: string } | undefined {
  const about = replaceable.get(key);
  if (about === undefined)
    return { found: "no sentence of ours", expected: "a key that docs/sentences.md lists" };
  const { placeholders, isTitle, mayBeEmpty } = about;
  if (text.trim() === "" && !mayBeEmpty) {
    return { found: "no words", expected: "a sentence: it can be worded otherwise, and not left out" };
  }
  if (text.length > maxLength || /[\p{Cc}\p{Cf}]/u.test(text)) {
    return {
      found: "what is no sentence",
      expected: `at most ${maxLength} characters, none of them invisible`,
    };
  }
  const named = [...text.matchAll(/\{(\w*)\}/g)].map(([, name = ""]) => name);
  const foreign = named.find((name) => !placeholders.includes(name));
  const list = placeholders.map((name) => `{${name}}`).join(", ");
  if (foreign !== undefined) {
    const expected = list === "" ? "no placeholder: ours has none" : `no placeholders but ${list}`;
    return { found: `{${foreign}}`, expected };
  }
  const missing =
    isTitle || text.trim() === "" ? undefined : placeholders.find((name) => !named.includes(name));
  return missing === undefined
    ? undefined
    : { found: `nothing of {${missing}}`, expected: `all of ${list}, as in ours` };
}
