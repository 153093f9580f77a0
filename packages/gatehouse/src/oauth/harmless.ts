/*
 * What strangers send ends up in logs and on terminals: it must neither break a line, nor drive a terminal,
 * nor carry a credential.
 */

/** Control characters, invisible ones (they can reverse the direction of text), and line separators. */
const unprintable = /[\p{Cc}\p{Cf}\u2028\u2029]/gu;

/** What nearly all values are made of; told sooner than what is wrong with the others. */
const harmless = /^[ -~]*$/;

/**
 * Text of a stranger as one harmless line: every character that could break the line or drive a terminal
 * becomes `\uFFFD`, and what is longer than `maxLength` characters is cut (S-n4).
 */
export function oneLine(text: string, maxLength = 200): string {
  if (text.length <= maxLength && harmless.test(text)) return text;
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return cut.toWellFormed().replace(unprintable, "\uFFFD");
}

const ownPrefix = "gatehouse_";
const fixedPrefixes = ["at", "rt", "ac", "cs", "rs", "iv"].map((kind) => `${ownPrefix}${kind}_`);

/** Parameters, in a query or a form, whose values are credentials or lead to one. */
const parameters =
  /\b(code|state|nonce|code_verifier|client_secret|access_token|refresh_token|id_token|token|assertion)=[^&\s"\\]+/gi;
const schemes = /\b(Bearer|Basic|DPoP)\s+[A-Za-z0-9._~+/=-]{16,}/gi;
const scheme = /\b(?:Bearer|Basic|DPoP)\s/i;
const jsonWebToken = /\beyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*/g;

/**
 * Makes a function that takes everything out of a text that looks like a credential: our own tokens by their
 * prefixes, JSON Web Tokens, `Authorization` values, and parameters that carry secrets. Works on a serialized
 * JSON line as well: it never eats a quote or a backslash.
 */
export function withoutSecrets(tokenPrefixes: readonly string[]): (text: string) => string {
  // Prefixes are made of letters, digits and . _ -, of which only the dot means something in a pattern.
  const prefixes = [...new Set([...fixedPrefixes, ...tokenPrefixes])].map((prefix) =>
    prefix.replaceAll(".", "\\."),
  );
  const tokens = new RegExp(`(${prefixes.join("|")})[A-Za-z0-9._~+/=-]+`, "g");
  const beginnings = [ownPrefix, ...tokenPrefixes.filter((prefix) => !prefix.startsWith(ownPrefix))];
  // Nearly every text holds none of them, and is told sooner by what each kind has to hold.
  return (text) => {
    let clean = text;
    if (beginnings.some((beginning) => clean.includes(beginning)))
      clean = clean.replace(tokens, "$1[removed]");
    if (clean.includes("eyJ")) clean = clean.replace(jsonWebToken, "[removed]");
    if (scheme.test(clean)) clean = clean.replace(schemes, "$1 [removed]");
    if (clean.includes("=")) clean = clean.replace(parameters, "$1=[removed]");
    return clean;
  };
}
