import { createCipheriv, createDecipheriv } from "node:crypto";
import type { Random } from "../ports.ts";
import type { Settings } from "../settings.ts";
import type { Subject } from "../values.ts";
import { derivedKey } from "./derived-key.ts";

/*
 * What a provider gave for asking it again about a person (a refresh or API token) is the one secret of
 * somebody else that is kept: encrypted by AES-256-GCM under a key of its own made of the server's (RFC
 * 5869), and bound to the person, so that a row moved to another person's account opens nothing.
 */

const version = "v1";
const ivBytes = 12;
const tagBytes = 16;

/** @returns text for the database */
export function sealCredential(
  credential: string,
  subject: Subject,
  random: Random,
  { secretKeys }: Pick<Settings, "secretKeys">,
): string {
  const iv = random.bytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", credentialKey(secretKeys[0]), iv);
  cipher.setAAD(Buffer.from(subject));
  const sealed = Buffer.concat([iv, cipher.update(credential, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return `${version}.${sealed.toString("base64url")}`;
}

/**
 * The credential, by the newest or an older key; `undefined` when it is another's, damaged, or its key is
 * gone.
 */
export function openCredential(
  sealed: string,
  subject: Subject,
  { secretKeys }: Pick<Settings, "secretKeys">,
): string | undefined {
  const [named, encoded = ""] = sealed.split(".");
  const bytes = Buffer.from(encoded, "base64url");
  if (named !== version || bytes.length < ivBytes + tagBytes) return undefined;
  for (const key of secretKeys) {
    const decipher = createDecipheriv("aes-256-gcm", credentialKey(key), bytes.subarray(0, ivBytes), {
      authTagLength: tagBytes,
    });
    decipher.setAAD(Buffer.from(subject));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      const opened = [decipher.update(bytes.subarray(ivBytes, -tagBytes)), decipher.final()];
      return Buffer.concat(opened).toString("utf8");
    } catch {
      // Another key made it, or nobody's.
    }
  }
  return undefined;
}

function credentialKey(secretKey: Buffer): Buffer {
  return derivedKey(secretKey, "gatehouse upstream credential");
}
