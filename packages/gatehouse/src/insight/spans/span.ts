import { type Attributes, keyValues, nanoseconds } from "../otlp/attributes.ts";
import { newSpanId, type SpanContext } from "./trace-context.ts";

/** Of OTLP's `SpanKind`. */
export const spanKinds = { internal: 1, server: 2, client: 3 } as const;

/** Of one request; what a stream does for hours is not all told. */
const maxChildren = 100;

/** A span as it is sent. */
export type EncodedSpan = object;

export interface SpanStart {
  readonly name: string;
  readonly kind: (typeof spanKinds)[keyof typeof spanKinds];
  readonly traceId: string;
  readonly parentSpanId?: string | undefined;
  readonly link?: SpanContext | undefined;
  readonly attributes?: Attributes;
}

/** Something that takes time, from its making to `end`. Told only once it is over. */
export class Span {
  name: string;
  readonly traceId: string;
  readonly spanId = newSpanId();
  readonly #start: SpanStart;
  readonly #tell: (span: EncodedSpan) => void;
  readonly #begun = now();
  readonly #attributes: Record<string, string | number | boolean | undefined>;
  #children = 0;
  #isOver = false;

  constructor(start: SpanStart, tell: (span: EncodedSpan) => void) {
    this.name = start.name;
    this.traceId = start.traceId;
    this.#start = start;
    this.#tell = tell;
    this.#attributes = { ...start.attributes };
  }

  get context(): SpanContext {
    return { traceId: this.traceId, spanId: this.spanId, isSampled: true };
  }

  set(attributes: Attributes): void {
    Object.assign(this.#attributes, attributes);
  }

  /** `undefined` once it is over, or has many already. */
  child(start: Omit<SpanStart, "traceId" | "parentSpanId"> & Partial<SpanStart>): Span | undefined {
    if (this.#isOver || ++this.#children > maxChildren) return undefined;
    return new Span({ traceId: this.traceId, parentSpanId: this.spanId, ...start }, this.#tell);
  }

  /**
   * @param errorType `error.type`: what kind of error it ended with; undefined: none
   * @param isFault whether that is a fault of whoever answered, and not of whoever asked
   */
  end(errorType?: string, isFault = errorType !== undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { kind, parentSpanId, link } = this.#start;
    if (errorType !== undefined) this.set({ "error.type": errorType });
    this.#tell({
      traceId: this.traceId,
      spanId: this.spanId,
      ...(parentSpanId !== undefined && { parentSpanId }),
      name: this.name,
      kind,
      startTimeUnixNano: nanoseconds(this.#begun),
      endTimeUnixNano: nanoseconds(now()),
      attributes: keyValues(this.#attributes),
      ...(link && { links: [{ traceId: link.traceId, spanId: link.spanId }] }),
      status: isFault ? { code: 2 } : {},
    });
  }
}

/** Milliseconds since 1970, which do not go back while the process runs. */
const now = () => performance.timeOrigin + performance.now();
