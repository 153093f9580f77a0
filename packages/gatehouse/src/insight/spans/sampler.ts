import type { SpanContext } from "./trace-context.ts";

/** `OTEL_TRACES_SAMPLER` and its argument. */
export interface SamplerSettings {
  /** Whether a proxy of the operator's that traces decides. */
  readonly isParentBased: boolean;
  /** Of a thousand requests that nobody decided about so many thousandths, 0 to 1. */
  readonly ratio: number;
}

/**
 * Decides at a request's head whether it is traced.
 * @param trustedParent what a trusted proxy says of its own span; a stranger's word never counts (Z04)
 */
export function isSampled(
  { isParentBased, ratio }: SamplerSettings,
  traceId: string,
  trustedParent: SpanContext | undefined,
): boolean {
  if (isParentBased && trustedParent !== undefined) return trustedParent.isSampled;
  // The last digits of an id of ours are random.
  return Number.parseInt(traceId.slice(-13), 16) / 2 ** 52 < ratio;
}
