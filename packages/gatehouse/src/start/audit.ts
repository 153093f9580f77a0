import type { Logger } from "pino";
import type { Config } from "../config/config.ts";
import { trimAudit } from "../insight/audit/retention.ts";
import { type AuditKey, auditKeyOf, sealerOf } from "../insight/audit/seals.ts";
import { type AuditTrail, createAuditTrail } from "../insight/audit/trail.ts";
import { type AuditWriter, createAuditWriter } from "../insight/audit/writer.ts";
import { trimmingAsItGrows } from "../insight/trace/limits.ts";
import { KeyError, readKeyFile } from "../keys/key-file.ts";
import type { Keyring } from "../keys/keyring.ts";
import { auditBytes } from "../oauth/audit-record.ts";
import { withoutSecrets } from "../oauth/harmless.ts";
import type { AuditEvent, Clock, Events } from "../oauth/ports.ts";
import type { Store } from "../oauth/store.ts";
import { configuredKey } from "../oauth/tokens/secret-keys.ts";
import type { Warnings } from "../readiness.ts";
import { instanceName } from "./instance.ts";
import { configuredKeys } from "./keyed-store.ts";
import { type Sinks, startSinks } from "./sinks.ts";
import { systemClock, systemRandom } from "./system.ts";

const refusedWarning = "the audit trail cannot be written: events wait, and are lost once too many do";

export interface StartedAudit extends AuditTrail {
  /** Removes what is too old or too much, and tells of it. */
  trim(signal?: AbortSignal): Promise<void>;
}

/** The audit trail of a process that serves: a chain of its own, sealed with the newest key. */
export function startAudit(
  config: Config,
  {
    store,
    keyring,
    clock,
    sinks,
  }: {
    readonly store: Store;
    readonly keyring: Keyring;
    readonly clock: Clock;
    readonly sinks: Pick<Sinks, "take" | "close">;
  },
  log: Logger,
  told: Events,
  warnings: Warnings,
): StartedAudit {
  const now = milliseconds(clock);
  const key = auditKeyOf(keyring[0]);
  // Housekeeping does it as well; but a flood between two of its rounds is to find its bounds too.
  const makeRoom = trimmingAsItGrows(config.audit.bytes, () =>
    trim().catch((error: unknown) => {
      log.warn(
        { err: error },
        "old records of the audit trail could not be removed; housekeeping tries again",
      );
    }),
  );
  const writer = createAuditWriter({
    store,
    key,
    instance: instanceName,
    random: systemRandom.bytes,
    now,
    withoutSecrets: withoutSecrets(config.settings.tokenPrefixes),
    onWritten(batch) {
      sinks.take(batch);
      makeRoom(auditBytes(batch.records));
    },
    onState(refused) {
      if (refused === undefined) {
        warnings.delete(refusedWarning);
        log.info("the audit trail is written again");
      } else {
        warnings.set(refusedWarning, "database");
        log.warn({ err: refused }, "the audit trail cannot be written; events wait");
      }
    },
    onLost: (count) => told.emit({ name: "audit_lost", request: "-", count }),
  });
  const trail = createAuditTrail(writer, store, now, (event) => told.emit(event));
  const events = trail.events(told);

  async function trim(signal?: AbortSignal): Promise<void> {
    const { aged, crowded } = await trimAudit(store, config.audit, sealerOf(key), now(), signal);
    const tell = (count: number, detail: string) => {
      if (count > 0) events.emit({ name: "audit_trimmed", request: "-", count, detail });
    };
    tell(aged, "for their age (AUDIT_TTL)");
    tell(crowded, "for want of room (AUDIT_SIZE)");
  }

  return {
    ...trail,
    trim,
    async stop() {
      await trail.stop();
      const { waiting } = writer.state();
      if (waiting > 0) log.error({ count: waiting }, "events were not written to the audit trail");
      await sinks.close();
    },
  };
}

/** The audit trail for one command. */
export interface CommandAudit {
  /** Resolves once the event is durable in the trail. Throws StoreUnavailableError. */
  record(event: AuditEvent): Promise<void>;
  /** Before the store is closed. */
  close(): Promise<void>;
}

/**
 * A chain for a command beside a server. Without a key here, which a command does not need otherwise, it is
 * chained but sealed by nobody: `gatehouse audit verify` says so.
 */
export async function openCommandAudit(config: Config, store: Store): Promise<CommandAudit> {
  const key = await commandKey(config);
  // Whoever waits for the command hears nothing of them: what they miss is in the database.
  const sinks = await startSinks(config, { warn: () => undefined, info: () => undefined });
  const writer: AuditWriter = createAuditWriter({
    store,
    key: key && auditKeyOf(key),
    instance: instanceName,
    random: systemRandom.bytes,
    now: Date.now,
    withoutSecrets: withoutSecrets(config.settings.tokenPrefixes),
    onWritten: sinks.take,
  });
  return {
    record: (event) => writer.record(event),
    async close() {
      await writer.stop();
      await sinks.close();
    },
  };
}

/**
 * All keys with which the audit trail may be sealed: those that are configured, and those of a file.
 * @throws KeyError where a file is not there, or cannot be read
 */
export async function auditKeys(config: Config, olderKeysFile?: string): Promise<AuditKey[]> {
  const configured = await configuredKeys(config);
  const older = olderKeysFile === undefined ? [] : await readKeyFile(olderKeysFile, "operator");
  if (older === undefined) throw new KeyError(`there is no file ${olderKeysFile}`);
  const keys = [...configured.keys, ...(await Promise.all(older.map(configuredKey)))];
  return keys.flatMap(({ readings }) => readings.map(auditKeyOf));
}

async function commandKey(config: Config) {
  try {
    return (await configuredKeys(config)).keys[0]?.readings[0];
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
}

/** The protocol's clock knows seconds; of the computer's own there are milliseconds. */
const milliseconds = (clock: Clock) => (clock === systemClock ? Date.now : () => clock.now() * 1000);

/** In place of the log, for what has a line of its own there. */
export const inTheLogAnyway: Events = { emit: () => undefined, record: async () => undefined };
