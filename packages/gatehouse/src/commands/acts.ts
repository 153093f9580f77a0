import { randomBytes } from "node:crypto";
import type { Config } from "../config/config.ts";
import type { AuditEvent } from "../oauth/ports.ts";
import { createReferences } from "../oauth/reference.ts";
import { type Store, StoreUnavailableError } from "../oauth/store.ts";
import { type CommandAudit, openCommandAudit } from "../start/audit.ts";
import { WrongVersionError } from "../storage/migration.ts";
import { operatorOf } from "./operator.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";

/** What a command did, as the audit trail has it; by whom is added. */
export type Act = Omit<AuditEvent, "request" | "actor">;

/**
 * Says what was done; resolves once that is durable in the audit trail, and so before anybody is told that it
 * is done (Z16). Throws {@link NotRecordedError}.
 */
export type Done = (act: Act) => Promise<void>;

/** It is done, and the audit trail does not know. */
export class NotRecordedError extends Error {
  override readonly name = "NotRecordedError";
}

/**
 * Runs what changes something, and has each act recorded. What is refused, or goes wrong, is an act as well:
 * somebody tried.
 * @param open the store whose trail it is; opened when there is something to record, and closed afterwards
 */
export async function recordingActs<T>(
  shell: Shell,
  config: Config,
  open: () => Promise<{ readonly store: Store; close(): Promise<void> }>,
  use: (done: Done) => Promise<T>,
): Promise<T> {
  const about = { request: createReferences(randomBytes)(), actor: operatorOf(shell) };
  let opened: { readonly audit: CommandAudit; close(): Promise<void> } | undefined;

  async function record(act: Act): Promise<void> {
    if (opened === undefined) {
      const { store, close } = await open();
      opened = { audit: await openCommandAudit(config, store), close };
    }
    await opened.audit.record({ ...act, ...about });
  }

  async function recordRefusal(error: unknown): Promise<void> {
    // Nothing can be recorded then, and that is what is being said.
    if (error instanceof NotRecordedError || error instanceof StoreUnavailableError) return;
    const isRefused = error instanceof Refusal;
    const detail = error instanceof Error ? error.message : String(error);
    const outcome = isRefused ? "refused" : "failure";
    await record({ name: "command_refused", outcome, reason: isRefused ? "refused" : "error", detail });
  }

  try {
    return await use(async (act) => {
      try {
        await record(act);
      } catch (error) {
        throw new NotRecordedError(`${describe(act)} is done, but the audit trail does not have it`, {
          cause: error,
        });
      }
    });
  } catch (error) {
    await recordRefusal(error).catch((why: Error) => {
      if (hasNoTrail(why)) return;
      shell.complain(`gatehouse: that this was refused could not be recorded: ${why.message}`);
    });
    throw error;
  } finally {
    await opened?.audit.close();
    await opened?.close();
  }
}

/** There is no database, or one that is not up to date and so has no trail for us. */
export const hasNoTrail = (error: unknown) =>
  error instanceof StoreUnavailableError || error instanceof WrongVersionError;

/** The same for what is done to a database that is not up to date, and so has no trail for us yet. */
export async function doneUnlessOlder(shell: Shell, done: Done, act: Act): Promise<void> {
  try {
    await done(act);
  } catch (error) {
    if (!(error instanceof NotRecordedError && error.cause instanceof WrongVersionError)) throw error;
    shell.complain(`gatehouse: warning: not in the audit trail: ${error.cause.message}`);
  }
}

function describe({ name, subject, client, resource, grant, detail }: Act): string {
  const what = [subject, client, resource, grant].filter((each) => each !== undefined).join(", ");
  return `${name.replaceAll("_", " ")} (${what || detail || "all"})`;
}
