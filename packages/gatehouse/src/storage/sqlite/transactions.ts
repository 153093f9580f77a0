import type { Store } from "../../oauth/store.ts";
import {
  consentColumns,
  found,
  requestValues,
  toConsent,
  toTransaction,
  transactionColumns,
} from "../rows.ts";
import { insertCode } from "./codes.ts";
import type { Database } from "./database.ts";

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
     values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, unixepoch())`,
  );
  const claim = database.prepare(
    `update oauth2_sessions set stage = 'claimed' where id = ? and binding_hash = ? and stage = 'sign-in' and expires_at > ?
     returning ${transactionColumns}`,
  );
  const await_ = database.prepare(
    `update oauth2_sessions set stage = 'consent', subject = ?, email = ?, auth_time = ?
     where id = ? and stage = 'claimed' and expires_at > ?`,
  );
  const find = database.prepare(
    `select ${transactionColumns} from oauth2_sessions where id = ? and binding_hash = ? and stage = 'consent' and expires_at > ?`,
  );
  const complete = database.prepare("delete from oauth2_sessions where id = ? and expires_at > ?");
  const storeCode = insertCode(database);
  const remember = database.prepare(
    `insert into gatehouse_consents (${consentColumns})
     values (?, ?, ?, ?, ?, ?, ?)
     on conflict (subject, client_id, redirect_uri, resource)
     do update set scope = excluded.scope, fingerprint = excluded.fingerprint, decided_at = excluded.decided_at`,
  );
  const findConsent = database.prepare(
    `select ${consentColumns} from gatehouse_consents where subject = ? and client_id = ? and redirect_uri = ? and resource = ?`,
  );
  return {
    beginTransaction: ({ handleHash, bindingHash, request, signedIn, expiresAt }) =>
      database.write(() => {
        const who = [signedIn?.subject ?? null, signedIn?.email ?? null, signedIn?.authTime ?? null];
        const stage = signedIn === undefined ? "sign-in" : "consent";
        begin.run(stage, handleHash, bindingHash, expiresAt, ...who, ...requestValues(request));
      }),
    claimSignIn: (handleHash, bindingHash, now) =>
      database.write(() => found(claim.get(handleHash, bindingHash, now), toTransaction)),
    awaitConsent: (handleHash, { subject, email, authTime }, now) =>
      database.write(() => await_.run(subject, email, authTime, handleHash, now).changes === 1),
    findAwaitingConsent: (handleHash, bindingHash, now) =>
      database.read(() => found(find.get(handleHash, bindingHash, now), toTransaction)),
    completeTransaction: (handleHash, now, { code, consent }) =>
      database.write(() => {
        if (complete.run(handleHash, now).changes !== 1) return false;
        if (code !== undefined) storeCode(code);
        if (consent !== undefined) {
          const { subject, clientId, redirectUri, resource = "", scope, fingerprint, decidedAt } = consent;
          remember.run(subject, clientId, redirectUri, resource, scope, fingerprint, decidedAt);
        }
        return true;
      }),
    findConsent: (subject, clientId, redirectUri, resource) =>
      database.read(() => found(findConsent.get(subject, clientId, redirectUri, resource ?? ""), toConsent)),
  };
}
