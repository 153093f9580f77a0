import type { Consent } from "../../oauth/records.ts";
import type { Store } from "../../oauth/store.ts";
import {
  consentColumns,
  found,
  requestValues,
  toConsent,
  toTransaction,
  transactionColumns,
} from "../rows.ts";
import { codeValues, insertCode } from "./codes.ts";
import { instant, instantOrNull } from "./column-types.ts";
import type { Database, Value } from "./database.ts";
import { isDanglingReference } from "./errors.ts";

type TransactionOperations = Pick<
  Store,
  | "beginTransaction"
  | "claimSignIn"
  | "awaitConsent"
  | "findAwaitingConsent"
  | "completeTransaction"
  | "findConsent"
>;

export function transactionOperations(database: Database): TransactionOperations {
  const begin = database.prepare(
    `insert into oauth2_sessions (stage, ${transactionColumns}, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, now())`,
  );
  const claim = database.prepare(
    `update oauth2_sessions set stage = 'claimed' where id = $1 and binding_hash = $2 and stage = 'sign-in' and expires_at > $3
     returning ${transactionColumns}`,
  );
  const await_ = database.prepare(
    `update oauth2_sessions set stage = 'consent', subject = $3, email = $4, auth_time = $5
     where id = $1 and stage = 'claimed' and expires_at > $2`,
  );
  const find = database.prepare(
    `select ${transactionColumns} from oauth2_sessions where id = $1 and binding_hash = $2 and stage = 'consent' and expires_at > $3`,
  );
  // Whoever deletes the row has completed the transaction.
  const complete = database.prepare(
    `with completed as (
       delete from oauth2_sessions where id = $1 and expires_at > $2 returning id
     ), coded as (
       ${insertCode("completed", 3)} returning id
     ), remembered as (
       insert into gatehouse_consents (${consentColumns})
       select $16::text, $17::text, $18::text, $19::text, $20::text, $21::text, $22::timestamptz from completed where $16::text is not null
       on conflict (subject, client_id, redirect_uri, resource)
       do update set scope = excluded.scope, fingerprint = excluded.fingerprint, decided_at = excluded.decided_at
       returning subject
     )
     select id from completed`,
  );
  const findConsent = database.prepare(
    `select ${consentColumns} from gatehouse_consents
     where subject = $1 and client_id = $2 and redirect_uri = $3 and resource = $4`,
  );
  return {
    beginTransaction: async ({ handleHash, bindingHash, request, signedIn, expiresAt }) => {
      const stage = signedIn === undefined ? "sign-in" : "consent";
      const who = [signedIn?.subject ?? null, signedIn?.email ?? null, instantOrNull(signedIn?.authTime)];
      const attempt = [handleHash, bindingHash, instant(expiresAt)];
      await database.run(begin, stage, ...attempt, ...who, ...requestValues(request));
    },
    claimSignIn: async (handleHash, bindingHash, now) =>
      found((await database.run(claim, handleHash, bindingHash, instant(now))).rows[0], toTransaction),
    awaitConsent: async (handleHash, { subject, email, authTime }, now) => {
      const who = [subject, email, instant(authTime)];
      return (await database.run(await_, handleHash, instant(now), ...who)).changes === 1;
    },
    findAwaitingConsent: async (handleHash, bindingHash, now) =>
      found((await database.run(find, handleHash, bindingHash, instant(now))).rows[0], toTransaction),
    completeTransaction: async (handleHash, now, { code, consent }) => {
      const outcome = [...codeValues(code), ...consentValues(consent)];
      try {
        return (await database.run(complete, handleHash, instant(now), ...outcome)).rows.length === 1;
      } catch (error) {
        // The client or the person was removed at this moment, and the transaction goes along.
        if (isDanglingReference(error)) return false;
        throw error;
      }
    },
    findConsent: async (subject, clientId, redirectUri, resource) =>
      found(
        (await database.run(findConsent, subject, clientId, redirectUri, resource ?? "")).rows[0],
        toConsent,
      ),
  };
}

function consentValues(consent: Consent | undefined): Value[] {
  if (consent === undefined) return Array.from({ length: 7 }, () => null);
  const { subject, clientId, redirectUri, resource = "", scope, fingerprint, decidedAt } = consent;
  return [subject, clientId, redirectUri, resource, scope, fingerprint, instant(decidedAt)];
}
