import { randomBytes } from "node:crypto";

/** A span, as `traceparent` names it (W3C Trace Context). */
export interface SpanContext {
  /** 32 and 16 hexadecimal digits, not all of them 0. */
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

export function formatTraceparent({ traceId, spanId, isSampled }: SpanContext): string {
  return `00-${traceId}-${spanId}-${isSampled ? "01" : "00"}`;
}

export const newTraceId = () => notZero(16);
export const newSpanId = () => notZero(8);

function notZero(bytes: number): string {
  for (;;) {
    const id = randomBytes(bytes);
    if (id.some((byte) => byte !== 0)) return id.toString("hex");
  }
}
