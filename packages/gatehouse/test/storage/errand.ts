import type { AccessToken, Grant } from "../../src/oauth/records.ts";
import type { Redemption, Rotation } from "../../src/oauth/store/grants.ts";
import type { Store } from "../../src/oauth/store.ts";
import type { Seconds, SecretHash } from "../../src/oauth/values.ts";

/** What a process races for: redemptions of one code, rotations of one generation. */
export interface Errand {
  readonly codeHash: SecretHash;
  readonly now: Seconds;
  readonly attempts: readonly { readonly grant: Grant; readonly token: AccessToken }[];
  readonly rotations: readonly Parameters<Store["rotateGrant"]>[0][];
}

/** What came of it, attempt by attempt. */
export interface ErrandOutcomes {
  readonly redeemed: readonly Redemption[];
  readonly rotated: readonly Rotation[];
}
