import { folded } from "../spelling.ts";

/** How a server might read what it is sent, other than character by character. */
export type Spelling = (text: string) => string;

/** Of tools and prompts. */
export const nameSpellings: readonly Spelling[] = [folded];

/**
 * Of URIs (RFC 3986 §6.2.2), taken further than any one server takes them. Twice, because servers whose
 * URIs are paths to them take the authority for the first segment, which `..` can then leave.
 */
export const uriSpellings: readonly Spelling[] = [
  (uri) => resolved(uri, true),
  (uri) => resolved(uri, false),
];

/** More is not decoded by anybody. */
const maxDecodings = 5;

function resolved(uri: string, hasAuthority: boolean): string {
  const slashed = folded(decoded(uri)).replaceAll("\\", "/");
  const [, scheme = "", slashes = "", rest = ""] = /^([a-z][a-z0-9+.-]*:)?(\/*)(.*)$/s.exec(slashed) ?? [];
  const segments: string[] = [];
  const floor = hasAuthority && slashes.length >= 2 ? 1 : 0;
  const sent = rest.split("/");
  sent.forEach((segment, index) => {
    const isLast = index === sent.length - 1;
    if (segment === "..") segments.splice(Math.max(floor, segments.length - 1));
    else if (segment !== "." && (segment !== "" || isLast)) segments.push(segment);
    if ((segment === ".." || segment === ".") && isLast) segments.push("");
  });
  return `${scheme}${slashes === "" ? "" : "/"}${segments.join("/")}`;
}

/** Without percent-encoding, however often it was encoded. What is no UTF-8 stays as it is. */
function decoded(uri: string): string {
  let text = uri;
  for (let round = 0; round < maxDecodings && text.includes("%"); round++) {
    const next = text.replace(/(?:%[0-9a-f]{2})+/gi, (encoded) => {
      try {
        return decodeURIComponent(encoded);
      } catch {
        return encoded;
      }
    });
    if (next === text) break;
    text = next;
  }
  return text;
}
