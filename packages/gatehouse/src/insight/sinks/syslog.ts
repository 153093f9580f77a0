import { isIP, connect as openSocket, type Socket } from "node:net";
import { hostname } from "node:os";
import { getCACertificates, connect as openTls } from "node:tls";
import type { AuditRecord } from "../../oauth/audit-record.ts";
import { type AuditSink, maxHeld, type SinkNews } from "./sink.ts";
import { syslogFrame } from "./syslog-message.ts";

/** A syslog server. */
export interface SyslogTarget {
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
}

interface SyslogOptions extends SinkNews {
  /** Trusted beside the public ones, as PEM. */
  readonly authorities: readonly string[];
}

/** Records of one write: what is under way is not much. */
const together = 100;
const firstPauseMs = 1000;
const maxPauseMs = 30_000;
/** A connection that lasted so long has worked, and the next attempt is not one of many. */
const steadyMs = 10_000;
/** To be connected, and to take what was written. */
const patienceMs = 30_000;
const closeMs = 2000;

/**
 * Sends records to a syslog server, over one connection that is made anew when it ends. A record counts as
 * sent once the operating system has it; there is nothing in the protocol by which a server says that it has.
 * What the server says is not read.
 */
export function createSyslogSink(
  { isTls, host, port }: SyslogTarget,
  { authorities, onTrouble, onRecovery }: SyslogOptions,
): AuditSink {
  const own = hostname();
  const waiting: AuditRecord[] = [];
  let underWay: readonly AuditRecord[] = [];
  let dropped = 0;
  let socket: Socket | undefined;
  let isConnected = false;
  let connectedAt = 0;
  let pauseMs = 0;
  let pause: NodeJS.Timeout | undefined;
  let troubledAt: number | undefined;
  let isClosed = false;
  let whenEmpty: (() => void) | undefined;

  function open(): void {
    if (socket !== undefined || pause !== undefined || isClosed) return;
    const opened = isTls
      ? openTls({
          host,
          port,
          servername: isIP(host) === 0 ? host : "",
          rejectUnauthorized: true, // also where the environment says otherwise
          ...(authorities.length > 0 && { ca: [...getCACertificates("default"), ...authorities] }),
        })
      : openSocket({ host, port });
    socket = opened;
    opened.unref().setKeepAlive(true, patienceMs);
    opened.setTimeout(patienceMs, () => {
      if (!isConnected || underWay.length > 0) opened.destroy(new Error("nothing is taken there"));
    });
    let why: string | undefined;
    opened.once(isTls ? "secureConnect" : "connect", () => {
      isConnected = true;
      connectedAt = performance.now();
      if (waiting.length === 0) works();
      pump();
    });
    opened.on("error", (error: NodeJS.ErrnoException) => {
      why = error.code ?? error.message;
    });
    opened.once("close", () => {
      if (isClosed) return;
      // A server may end a connection that nothing is sent over.
      if (!isConnected || underWay.length > 0) trouble(why ?? "it ends the connection");
      if (isConnected && performance.now() - connectedAt > steadyMs) pauseMs = 0;
      socket = undefined;
      isConnected = false;
      waiting.unshift(...underWay);
      underWay = [];
      pauseMs = Math.min(Math.max(pauseMs * 2, firstPauseMs), maxPauseMs);
      pause = setTimeout(() => {
        pause = undefined;
        open();
      }, pauseMs).unref();
    });
    opened.resume();
  }

  function trouble(why: string): void {
    if (troubledAt === undefined) onTrouble(why);
    troubledAt ??= dropped;
  }

  /** The server takes what is sent. */
  function works(): void {
    if (troubledAt !== undefined) onRecovery(dropped - troubledAt);
    troubledAt = undefined;
  }

  function pump(): void {
    if (socket === undefined || !isConnected) {
      open();
      return;
    }
    if (underWay.length > 0) return;
    if (waiting.length === 0) {
      whenEmpty?.();
      return;
    }
    underWay = waiting.splice(0, together);
    const frames = underWay.map((record) => syslogFrame(record, own)).join("");
    socket.write(frames, "latin1", (error) => {
      if (error) return; // the connection ends, and what was under way waits again
      underWay = [];
      works();
      pump();
    });
  }

  open();
  return {
    name: "syslog",
    take(records) {
      for (const record of records) waiting.push(record);
      const excess = waiting.length + underWay.length - maxHeld;
      if (excess > 0) dropped += waiting.splice(0, excess).length;
      pump();
    },
    get waiting() {
      return waiting.length + underWay.length;
    },
    get dropped() {
      return dropped;
    },
    async close() {
      if (waiting.length + underWay.length > 0 && socket !== undefined) {
        await new Promise<void>((resolve) => {
          const end = setTimeout(resolve, closeMs);
          whenEmpty = () => {
            clearTimeout(end);
            resolve();
          };
          pump();
        });
      }
      isClosed = true;
      clearTimeout(pause);
      if (underWay.length === 0) socket?.end();
      else socket?.destroy();
      dropped += waiting.splice(0).length + underWay.length;
    },
  };
}
