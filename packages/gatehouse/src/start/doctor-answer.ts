import { setTimeout as pause } from "node:timers/promises";
import type { Config } from "../config/config.ts";
import type { AnswerUnknown, SeenRequest } from "../http/unknown-path.ts";
import type { ServersView } from "../insight/doctor/servers-view.ts";
import type { Keyring } from "../keys/keyring.ts";
import { json, noStore } from "../oauth/messages/response.ts";
import type { Check, Clock } from "../oauth/ports.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import { answerMac, challengeCheck, keyOfChallenge } from "../oauth/tokens/doctor-challenge.ts";
import { hashSecret } from "../oauth/tokens/secret.ts";
import type { Seconds } from "../oauth/values.ts";
import { programVersion } from "../shipped-files.ts";
import { fileIdentity } from "../storage/sqlite/file.ts";
import { instanceName } from "./instance.ts";
import type { Reloadable } from "./reload.ts";

/** The cookie by which doctor sees whether cookies come back. */
export const doctorsCookie = "doctor";

/** Milliseconds: doctor waits for a few seconds, and has more to ask. */
const databaseMs = 500;

/** Where a proxy says what it was asked, in lower case. */
const forwarding = [
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-real-ip",
  "via",
];

export interface DoctorsAnswer extends Reloadable {
  readonly answer: AnswerUnknown;
}

/**
 * Tells `gatehouse doctor` what this process saw of a request that carries a challenge of its own key, once
 * (Z10). Proxies may have changed the beginning of the path: its end counts.
 */
export function answerDoctor(
  config: Config,
  services: {
    readonly keyring: Keyring;
    readonly store: Pick<Store, "useAssertion">;
    readonly checks: () => Promise<readonly Check[]>;
    /** What else it says of this process. */
    readonly about: () => Pick<ServersView, "audit" | "providerKeys">;
    readonly clock: Clock;
  },
): DoctorsAnswer {
  const { keyring, store, checks, about, clock } = services;
  const { issuer } = config.settings;
  const check = challengeCheck(keyring, issuer);
  const used = new Map<string, number>();
  let current = config;

  /** Across processes; while the database is away, or locked, at least in this one. */
  async function useUp({
    nonce,
    until,
  }: {
    readonly nonce: string;
    readonly until: number;
  }): Promise<boolean> {
    for (const [old, end] of used) if (end < clock.now()) used.delete(old);
    if (used.has(nonce)) return false;
    used.set(nonce, until);
    try {
      const isFirst = store.useAssertion(hashSecret(`doctor ${nonce}`), until as Seconds);
      void isFirst.catch(() => undefined); // it may fail when nobody waits for it any more
      return await Promise.race([isFirst, pause(databaseMs, true, { ref: false })]);
    } catch (error) {
      if (error instanceof StoreUnavailableError) return true;
      throw error;
    }
  }

  return {
    apply(changed) {
      current = changed;
    },
    async answer(request) {
      if (request.method !== "GET" || !request.path.endsWith("/doctor")) return undefined;
      const challenge = /^challenge=([\w.-]{1,120})$/.exec(request.rawQuery)?.[1] ?? "";
      const good = check(challenge, clock.now());
      if (good === undefined || !(await useUp(good))) return undefined;
      const key = keyOfChallenge(keyring, challenge) ?? keyring[0];
      const seen = JSON.stringify({ ...viewOf(request, current, await checks()), ...about() });
      return {
        ...json(200, { seen, mac: answerMac(key, challenge, seen) }, noStore),
        cookies: [{ name: doctorsCookie, value: good.nonce, maxAge: 60 }],
      };
    },
  };
}

function viewOf(
  request: SeenRequest,
  config: Config,
  checks: readonly Check[],
): Omit<ServersView, "audit" | "providerKeys"> {
  const { headers, address, peer, path, cookies } = request;
  const { storage, fingerprint, file } = config;
  return {
    version: programVersion(),
    instance: instanceName,
    address,
    peer,
    host: headers.host ?? "",
    path,
    forwarding: Object.fromEntries(
      forwarding.flatMap((name) =>
        headers[name] === undefined ? [] : [[name, String(headers[name]).slice(0, 500)]],
      ),
    ),
    cookie: cookies.get(doctorsCookie),
    checks,
    configuration: { fingerprint, file: file?.path, hash: file?.hash },
    databaseFile:
      storage.kind === "sqlite" && storage.path !== ":memory:" ? fileIdentity(storage.path) : undefined,
  };
}
