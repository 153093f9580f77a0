import type { Store } from "../../oauth/store.ts";
import { found } from "../layout.ts";
import { attemptStates, codes, consents, firstStage, transactions } from "../layouts.ts";
import { insertCode } from "./codes.ts";
import { instant } from "./column-types.ts";
import type { Database } from "./database.ts";
import { noValues, parameters, valuesOf } from "./dialect.ts";
import { isDanglingReference } from "./errors.ts";

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
     values ($1, ${parameters(transactions, 2)}, now())`,
  );
  const claim = database.prepare(
    `update oauth2_sessions set stage = 'claimed' where id = $1 and binding_hash = $2 and stage = 'sign-in' and expires_at > $3
     returning ${transactions.columns}`,
  );
  const markAwaiting = database.prepare(
    `update oauth2_sessions set stage = 'consent', subject = $3, email = $4, auth_time = $5
     where id = $1 and stage = 'claimed' and expires_at > $2`,
  );
  const findChoice = database.prepare(
    `select ${transactions.columns} from oauth2_sessions where id = $1 and binding_hash = $2 and stage = 'choice' and expires_at > $3`,
  );
  const findState = database.prepare(`select ${attemptStates.columns} from oauth2_sessions where id = $1`);
  const find = database.prepare(
    `select ${transactions.columns} from oauth2_sessions where id = $1 and binding_hash = $2 and stage = 'consent' and expires_at > $3`,
  );
  const firstOfCode = 3;
  const firstOfConsent = firstOfCode + codes.names.length;
  const subjectOfCode = firstOfCode + codes.names.indexOf("subject");
  // Whoever deletes the row has completed the transaction. The person's row is taken before, so that of this
  // and a block at the same moment one waits for the other.
  const complete = database.prepare(
    `with person as (
       select blocked_at from gatehouse_accounts where subject = $${subjectOfCode} for update
     ), completed as (
       delete from oauth2_sessions where id = $1 and expires_at > $2
         and not exists (select 1 from person where blocked_at is not null) returning id
     ), coded as (
       ${insertCode("completed", firstOfCode)} returning id
     ), remembered as (
       insert into gatehouse_consents (${consents.columns})
       select ${parameters(consents, firstOfConsent)} from completed where $${firstOfConsent}::text is not null
       on conflict (subject, client_id, redirect_uri, resource)
       do update set scope = excluded.scope, fingerprint = excluded.fingerprint, decided_at = excluded.decided_at
       returning subject
     )
     select id from completed`,
  );
  const findConsent = database.prepare(
    `select ${consents.columns} from gatehouse_consents
     where subject = $1 and client_id = $2 and redirect_uri = $3 and resource = $4`,
  );
  return {
    beginTransaction: async (transaction) => {
      await database.run(begin, firstStage(transaction), ...valuesOf(transactions, transaction));
    },
    findAwaitingChoice: async (handleHash, bindingHash, now) =>
      found((await database.run(findChoice, handleHash, bindingHash, instant(now))).rows[0], transactions),
    claimSignIn: async (handleHash, bindingHash, now) =>
      found((await database.run(claim, handleHash, bindingHash, instant(now))).rows[0], transactions),
    awaitConsent: async (handleHash, { subject, email, authTime }, now) => {
      const who = [subject, email, instant(authTime)];
      return (await database.run(markAwaiting, handleHash, instant(now), ...who)).changes === 1;
    },
    findAwaitingConsent: async (handleHash, bindingHash, now) =>
      found((await database.run(find, handleHash, bindingHash, instant(now))).rows[0], transactions),
    findAttempt: async (handleHash) =>
      found((await database.run(findState, handleHash)).rows[0], attemptStates),
    completeTransaction: async (handleHash, now, { code, consent }) => {
      const outcome = [
        ...(code === undefined ? noValues(codes) : valuesOf(codes, code)),
        ...(consent === undefined ? noValues(consents) : valuesOf(consents, consent)),
      ];
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
        consents,
      ),
  };
}
