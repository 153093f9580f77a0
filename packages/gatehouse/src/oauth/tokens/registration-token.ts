import type { Client } from "../records.ts";
import type { Settings } from "../settings.ts";
import { mac } from "./mac.ts";
import { registrationTokenPrefix } from "./prefixes.ts";
import { equalSecrets } from "./secret.ts";

/**
 * The token with which a client manages its registration (RFC 7592). Nothing of it is stored: it is a MAC
 * over what only this registration has, so that every holder of a shared one gets the same, and none outlives
 * its client.
 */
export function registrationTokenOf(client: Client, settings: Settings): string {
  return registrationToken(client, settings.secretKeys[0]);
}

/** Whether it is that client's, under the newest or an older key. Constant time (T04). */
export function isRegistrationTokenOf(client: Client, token: string, settings: Settings): boolean {
  return settings.secretKeys.some((key) => equalSecrets(registrationToken(client, key), token));
}

function registrationToken({ id, createdAt, secretHash }: Client, key: Buffer): string {
  const text = JSON.stringify(["registration", id, createdAt, secretHash ?? ""]);
  return registrationTokenPrefix + mac(key, text).toString("base64url");
}
