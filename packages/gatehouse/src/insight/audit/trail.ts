import type { AuditEvent, Events } from "../../oauth/ports.ts";
import type { AuditStore } from "../../oauth/store/audit.ts";
import { withoutFloods } from "./flood.ts";
import { headOf } from "./heads.ts";
import type { AuditWriter } from "./writer.ts";

/** Where a chain ends is told so often, milliseconds. */
const headEveryMs = 60 * 60_000;
/** Of the others' chains those are named that were written since; a little longer than that. */
const recentMs = 2 * headEveryMs;
/** Of more chains than these no more is named: a command has one each. */
const maxHeads = 100;

/** The audit trail of a process that serves. */
export interface AuditTrail {
  /** What is told goes into the trail as well. */
  events(told: Events): Events;
  readonly writer: AuditWriter;
  /** Tells where the chain ends, unless that was told; by itself once an hour (Z18). */
  tellHead(): Promise<void>;
  /** Writes what waits, and tells where the chain ends. */
  stop(): Promise<void>;
}

/**
 * Successful refreshes are many, and say little: one that comes with a number stands for all of them (Z15).
 */
const isRecorded = ({ name, count }: AuditEvent) => name !== "token_refreshed" || count !== undefined;

/** @param tellLog told of heads, which the trail's own records name as well */
export function createAuditTrail(
  writer: AuditWriter,
  store: Pick<AuditStore, "findAuditChains">,
  now: () => number,
  tellLog: (event: AuditEvent) => void,
): AuditTrail {
  let toldAt = 0;
  const add = withoutFloods(writer.add, now);
  const timer = setInterval(() => void tellHead(), headEveryMs).unref();

  /** A record that names where other chains end, too: one of them that is cut or gone is missed. */
  async function headEvent(): Promise<AuditEvent> {
    const since = now() - recentMs;
    const { chains } = await store.findAuditChains();
    const recent = chains.filter(({ head }) => head.time >= since && head.sequence > 0).slice(-maxHeads);
    return { name: "audit_head", request: "-", heads: recent.map(headOf).join(" ") };
  }

  const toLog = (detail: string | undefined) => {
    if (detail !== undefined) tellLog({ name: "audit_head", request: "-", detail });
  };

  async function tellHead(): Promise<void> {
    if (writer.state().written === toldAt) return;
    try {
      await writer.record(await headEvent());
      toldAt = writer.state().written;
    } catch {
      // The store tells of itself; where the chain ends durably is told all the same.
    }
    toLog(writer.state().head);
  }

  return {
    writer,
    tellHead,
    events: (told) => ({
      emit(event) {
        told.emit(event);
        if (isRecorded(event)) add(event);
      },
      async record(event) {
        told.emit(event);
        await writer.record(event);
      },
    }),
    async stop() {
      clearInterval(timer);
      await writer.flush();
      if (writer.state().written === 0) return writer.stop();
      await writer.stop(await headEvent().catch(() => undefined));
      toLog(writer.state().head);
    },
  };
}
