const longestName = 60;

/**
 * A name a stranger chose, made harmless for reading (D-n4): without control, direction and invisible characters, white space folded, and cut where
 * it gets too long to be a name. Escaping is not done here but wherever it is printed.
 */
export function readableName(name: string): string {
  const visible = name
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}]/gu, " ")
    .replace(/\p{M}{3,}/gu, "")
    .replace(/\s+/gu, " ")
    .trim();
  const graphemes = [...new Intl.Segmenter("en").segment(visible)].map(({ segment }) => segment);
  return graphemes.length > longestName ? `${graphemes.slice(0, longestName).join("")}…` : visible;
}

/** The link, if it is one that may be offered: https alone (D17). */
export function safeLink(uri: string | undefined): string | undefined {
  return uri !== undefined && URL.canParse(uri) && new URL(uri).protocol === "https:" ? uri : undefined;
}
