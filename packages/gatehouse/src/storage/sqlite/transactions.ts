import type { Store } from "../../oauth/store.ts";
import { found } from "../layout.ts";
import { attemptStates, codes, consents, firstStage, transactions } from "../layouts.ts";
import type { Database } from "./database.ts";
import { insertInto, placeholders, valuesOf } from "./dialect.ts";

type TransactionOperations = Pick<
  Store,
  | "beginTransaction"
  | "findAwaitingChoice"
  | "claimSignIn"
  | "awaitConsent"
  | "findAwaitingConsent"
  | "completeTransaction"
  | "findAttempt"
  | "findConsent"
>;

export function transactionOperations(database: Database): TransactionOperations {
  const begin = database.prepare(
    `insert into oauth2_sessions (stage, ${transactions.columns}, created_at)
     values (?, ${placeholders(transactions.names.length)}, unixepoch())`,
  );
  const claim = database.prepare(
    `update oauth2_sessions set stage = 'claimed' where id = ? and binding_hash = ? and stage = 'sign-in' and expires_at > ?
     returning ${transactions.columns}`,
  );
  const markAwaiting = database.prepare(
    `update oauth2_sessions set stage = 'consent', subject = ?, email = ?, auth_time = ?
     where id = ? and stage = 'claimed' and expires_at > ?`,
  );
  const findChoice = database.prepare(
    `select ${transactions.columns} from oauth2_sessions where id = ? and binding_hash = ? and stage = 'choice' and expires_at > ?`,
  );
  const findState = database.prepare(`select ${attemptStates.columns} from oauth2_sessions where id = ?`);
  const find = database.prepare(
    `select ${transactions.columns} from oauth2_sessions where id = ? and binding_hash = ? and stage = 'consent' and expires_at > ?`,
  );
  const complete = database.prepare("delete from oauth2_sessions where id = ? and expires_at > ?");
  const isBlocked = database.prepare(
    "select 1 from gatehouse_accounts where subject = ? and blocked_at is not null",
  );
  const storeCode = insertInto(database, "oauth2_codes", codes);
  const remember = database.prepare(
    `insert into gatehouse_consents (${consents.columns})
     values (${placeholders(consents.names.length)})
     on conflict (subject, client_id, redirect_uri, resource)
     do update set scope = excluded.scope, fingerprint = excluded.fingerprint, decided_at = excluded.decided_at`,
  );
  const findConsent = database.prepare(
    `select ${consents.columns} from gatehouse_consents where subject = ? and client_id = ? and redirect_uri = ? and resource = ?`,
  );
  return {
    beginTransaction: (transaction) =>
      database.write(() => {
        begin.run(firstStage(transaction), ...valuesOf(transactions, transaction));
      }),
    findAwaitingChoice: (handleHash, bindingHash, now) =>
      database.read(() => found(findChoice.get(handleHash, bindingHash, now), transactions)),
    claimSignIn: (handleHash, bindingHash, now) =>
      database.write(() => found(claim.get(handleHash, bindingHash, now), transactions)),
    awaitConsent: (handleHash, { subject, email, authTime }, now) =>
      database.write(() => markAwaiting.run(subject, email, authTime, handleHash, now).changes === 1),
    findAwaitingConsent: (handleHash, bindingHash, now) =>
      database.read(() => found(find.get(handleHash, bindingHash, now), transactions)),
    findAttempt: (handleHash) => database.read(() => found(findState.get(handleHash), attemptStates)),
    completeTransaction: (handleHash, now, { code, consent }) =>
      database.write(() => {
        if (code !== undefined && isBlocked.get(code.subject) !== undefined) return false;
        if (complete.run(handleHash, now).changes !== 1) return false;
        if (code !== undefined) storeCode(code);
        if (consent !== undefined) remember.run(...valuesOf(consents, consent));
        return true;
      }),
    findConsent: (subject, clientId, redirectUri, resource) =>
      database.read(() => found(findConsent.get(subject, clientId, redirectUri, resource ?? ""), consents)),
  };
}
