import { hash } from "node:crypto";

export const checksumLength = 6;

/** No secret: lets scanners and us tell a token from garbage. */
export function checksum(body: string): string {
  return hash("sha256", `checksum ${body}`, "base64url").slice(0, checksumLength);
}
