import type { Random } from "../ports.ts";
import type { Seconds } from "../values.ts";
import { derivedKey } from "./derived-key.ts";
import { mac } from "./mac.ts";
import { equalSecrets } from "./secret.ts";
import { keyIdOf, keyName, type SecretKey } from "./secret-keys.ts";

/*
 * How `gatehouse doctor` and the server that it asks prove to each other that they have the same secret key
 * (Z10): `<key>.<seconds>.<nonce>.<MAC>`, good for one issuer.
 */

/** Seconds for which a challenge is good. */
export const challengeGoodFor = 60;

const form = /^([\da-f]{8})\.(\d{1,12})\.([\w-]{22})\.([\w-]{43})$/;

/** A challenge for the server of this issuer. */
export function makeChallenge(key: SecretKey, issuer: string, now: Seconds, random: Random): string {
  const nonce = random.bytes(16).toString("base64url");
  return `${keyName(keyIdOf(key))}.${now}.${nonce}.${challengeMac(purposeKey(key), issuer, String(now), nonce)}`;
}

/**
 * What checks challenges: one MAC each, whatever comes. Gives what tells it from others, and until when it
 * must not come again; `undefined` for one that is not good.
 */
export function challengeCheck(
  keys: readonly SecretKey[],
  issuer: string,
): (challenge: string, now: Seconds) => { readonly nonce: string; readonly until: number } | undefined {
  const byName = new Map(keys.map((key) => [keyName(keyIdOf(key)), purposeKey(key)]));
  return (challenge, now) => {
    const [, name = "", time = "", nonce = "", given = ""] = form.exec(challenge) ?? [];
    const key = byName.get(name);
    if (key === undefined || Math.abs(Number(time) - now) > challengeGoodFor) return undefined;
    if (!equalSecrets(challengeMac(key, issuer, time, nonce), given)) return undefined;
    return { nonce, until: Number(time) + challengeGoodFor + 1 };
  };
}

/** Proves that an answer is this server's, and to this challenge. */
export function answerMac(key: SecretKey, challenge: string, answer: string): string {
  return mac(purposeKey(key), Buffer.from(`answer\n${challenge}\n${answer}`)).toString("base64url");
}

/** @param given by whoever claims to have answered */
export function isAnswerTo(key: SecretKey, challenge: string, answer: string, given: string): boolean {
  return equalSecrets(answerMac(key, challenge, answer), given);
}

/** Which of the keys a challenge names. */
export function keyOfChallenge(keys: readonly SecretKey[], challenge: string): SecretKey | undefined {
  return keys.find((key) => challenge.startsWith(`${keyName(keyIdOf(key))}.`));
}

const challengeMac = (key: Buffer, issuer: string, time: string, nonce: string) =>
  mac(key, Buffer.from(`challenge\n${issuer}\n${time}\n${nonce}`)).toString("base64url");

const purposeKey = ({ bytes }: SecretKey) => derivedKey(bytes, "gatehouse doctor");
