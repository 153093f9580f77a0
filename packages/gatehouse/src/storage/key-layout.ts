import type { GrantCount, KnownKey } from "../oauth/store/keys.ts";
import { layout, type Row } from "./layout.ts";

export const knownKeys = layout(
  (column): KnownKey => ({
    fingerprint: column.text("fingerprint"),
    since: column.optionalInstant("since"),
    startedAt: column.optionalInstant("started_at"),
  }),
);

export const keyCountColumns = "key_id, count(*), count(distinct subject)";

/** @param all the number of people, in one row */
export function toGrantCount(all: Row | undefined, byKey: readonly Row[]): GrantCount {
  return {
    people: Number(all?.[0] ?? 0),
    byKey: byKey.map(([keyId, grantCount, people]) => ({
      keyId: (keyId as number | null) ?? undefined,
      grants: Number(grantCount),
      people: Number(people),
    })),
  };
}
