import type { Settings } from "../settings.ts";
import { derivedKey } from "./derived-key.ts";
import { mac } from "./mac.ts";
import { equalSecrets } from "./secret.ts";

/*
 * Text that a browser keeps for us, and cannot change: everybody may read it.
 */

/** @param purpose another one is another key: what was signed for one is worth nothing for another */
export function signText({ secretKeys: [key] }: Pick<Settings, "secretKeys">, purpose: string, text: string) {
  return `${Buffer.from(text).toString("base64url")}.${tagOf(key, purpose, text)}`;
}

/** The text, if one of our keys signed it for this purpose. */
export function readSignedText(
  { secretKeys }: Pick<Settings, "secretKeys">,
  purpose: string,
  signed: string,
): string | undefined {
  const [encoded = "", tag = "", ...more] = signed.split(".");
  if (more.length > 0) return undefined;
  const text = Buffer.from(encoded, "base64url").toString();
  return secretKeys.some((key) => equalSecrets(tag, tagOf(key, purpose, text))) ? text : undefined;
}

function tagOf(key: Buffer, purpose: string, text: string): string {
  return mac(derivedKey(key, `gatehouse ${purpose}`), Buffer.from(text)).toString("base64url");
}
