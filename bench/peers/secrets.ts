import { hash } from "node:crypto";

/**
 * The n-th secret of a kind: the load and the server each work it out, so that none has to be handed over.
 */
export const secret = (kind: string, n: number): string => hash("sha256", `${kind} ${n}`, "base64url");

/** The `code_challenge` of a `code_verifier` by S256. */
export const challenge = (verifier: string): string => hash("sha256", verifier, "base64url");
