/** What the `Authorization` headers of a request hold. */
export type PresentedToken =
  | { readonly kind: "none" }
  | { readonly kind: "several" }
  | { readonly kind: "malformed" }
  | { readonly kind: "token"; readonly token: string };

const maxTokenLength = 8192;

/** RFC 6750 §2.1. The scheme's name is case-insensitive; another scheme counts as no token (U07). */
export function readBearer(headers: readonly string[]): PresentedToken {
  if (headers.length > 1) return { kind: "several" };
  const [scheme = "", token = "", ...rest] = (headers[0] ?? "").trim().split(/[ \t]+/);
  if (scheme.toLowerCase() !== "bearer") return { kind: "none" };
  // Some frameworks join repeated headers with a comma, which is in no token.
  if (/,$/.test(token) && rest[0]?.toLowerCase() === "bearer") return { kind: "several" };
  const wellFormed =
    rest.length === 0 && token.length <= maxTokenLength && /^[A-Za-z0-9._~+/-]+=*$/.test(token);
  return wellFormed ? { kind: "token", token } : { kind: "malformed" };
}
