/** Graphemes: more than that is no name but a sentence. */
const nameLength = 30;

/**
 * Scripts that are written together in one word; any other mixture exists only to look like something else.
 */
const scriptsOfAWord = [
  /^\p{scx=Latin}+$/u,
  /^\p{scx=Cyrillic}+$/u,
  /^\p{scx=Greek}+$/u,
  /^[\p{scx=Latin}\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Bopomofo}\p{scx=Hangul}]+$/u,
];
const confusable =
  /[\p{Script=Latin}\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u;

/**
 * A name a stranger chose, made fit to be read within quotation marks (D-n4): letters, digits and a little
 * punctuation, nothing that is invisible, turns the text around, is drawn over its neighbours, decorates, or
 * closes the quotation; and cut where it gets too long to be a name. Empty when nothing readable is left, or
 * when a word mixes alphabets in order to look like another. Escaping is not done here but wherever it is
 * printed.
 */
export function readableName(name: string): string {
  const visible = name
    .replace(/\p{S}/gu, " ")
    .normalize("NFKC")
    .replace(/[’ʼ]/gu, "'")
    .replace(/\p{Me}|\p{DI}|[\u0334-\u0338]/gu, "")
    .replace(/[^\p{L}\p{M}\p{Nd}.,&'()_-]+/gu, " ")
    .replace(/(\p{M}{2})\p{M}+/gu, "$1")
    .replace(/(^|[^\p{L}\p{M}])\p{M}+/gu, "$1")
    .trim();
  if (!/[\p{L}\p{Nd}]/u.test(visible) || visible.split(/[^\p{L}\p{M}]+/u).some(mixesAlphabets)) return "";
  const graphemes = [...new Intl.Segmenter("en").segment(visible)].map(({ segment }) => segment);
  return graphemes.length > nameLength ? `${graphemes.slice(0, nameLength).join("").trim()}…` : visible;
}

function mixesAlphabets(word: string): boolean {
  return confusable.test(word) && !scriptsOfAWord.some((script) => script.test(word));
}

/** The link, if it is one that may be offered: https alone (D17). */
export function safeLink(uri: string | undefined): string | undefined {
  return uri !== undefined && URL.canParse(uri) && new URL(uri).protocol === "https:" ? uri : undefined;
}
