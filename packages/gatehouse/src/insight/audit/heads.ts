import type { AuditChain } from "../../oauth/store/audit.ts";

/** Where a chain ended at some time. */
export interface KnownHead {
  readonly number: number;
  readonly chain: string;
  readonly sequence: number;
  readonly mac: string;
}

/**
 * A head as it is told, and given back to `audit verify --head`: whoever keeps it finds a trail that does not
 * reach it.
 */
export const headText = ({ number, chain, sequence, mac }: KnownHead): string =>
  `${number}:${chain}-${sequence}-${mac}`;

export const headOf = ({ number, chain, head }: AuditChain): string =>
  headText({ number, chain, sequence: head.sequence, mac: head.mac });

/** `undefined` for what is none. */
export function readHead(text: string): KnownHead | undefined {
  const [, number, chain, sequence, mac] =
    /^(\d{1,15}):([0-9A-Za-z]{1,32})-(\d{1,15})-([\w-]{22})$/.exec(text.trim()) ?? [];
  if (chain === undefined || mac === undefined) return undefined;
  return { number: Number(number), chain, sequence: Number(sequence), mac };
}

/** Those of a list. */
export function readHeads(text: string): KnownHead[] {
  return text.split(" ").flatMap((each) => readHead(each) ?? []);
}
