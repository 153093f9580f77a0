/** A span somewhere else, as `traceparent` names it (W3C Trace Context). */
export interface SpanContext {
  /** 32 and 16 hexadecimal digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Of a version that is newer than 00 the rest is another's, and left alone (W3C Trace Context §4.3). */
const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const maxLength = 512;
const isZero = (id: string) => /^0+$/.test(id);

/** What a header says; `undefined` where it says nothing that is well-formed (§3.2). */
export function parseTraceparent(header: string | string[] | undefined): SpanContext | undefined {
  if (typeof header !== "string" || header.length > maxLength) return undefined;
  const [, version, traceId = "", spanId = "", flags = "", rest] = form.exec(header) ?? [];
  if (version === undefined || version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (isZero(traceId) || isZero(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
