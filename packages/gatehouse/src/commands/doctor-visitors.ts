import type { McpClient } from "../insight/doctor/walk/client.ts";
import type { Tokens } from "../insight/doctor/walk/login/session.ts";
import { parseRefreshToken } from "../oauth/tokens/refresh-token.ts";
import type { Subject } from "../oauth/values.ts";
import type { Shell } from "./shell.ts";
import { changeStore, withStore } from "./store.ts";

/*
 * What a walk leaves at our own server besides what it registered, which it removes itself: the record of a
 * client's document that was read for the first time, and whoever signed in for the first time. Looking
 * leaves nobody behind (Z12).
 */

export interface Visitors {
  /** Notes whose tokens these are. */
  note(tokens: Tokens): Promise<void>;
  /** Removes what the server had never seen before, unless somebody has used it since. */
  forget(): Promise<void>;
}

/** Of another server, where nothing of this is ours to remove. */
export const nobody: Visitors = { note: async () => {}, forget: async () => {} };

/** As the audit trail has it. */
const detail = "known through doctor alone";

export async function visitorsOf(shell: Shell, walked: readonly McpClient[]): Promise<Visitors> {
  const begun = shell.clock.now();
  const subjects = new Set<Subject>();
  const documents = walked.flatMap(({ identity }) =>
    identity.by === "document" ? [identity.document.client_id] : [],
  );
  const unknown = await withStore(shell, async (store) => {
    const found = await Promise.all(documents.map((id) => store.findClient(id)));
    return documents.filter((_, index) => found[index] === undefined);
  });
  return {
    async note({ refreshToken }) {
      const grantId = parseRefreshToken(refreshToken ?? "")?.grantId;
      if (grantId === undefined) return;
      const grant = await withStore(shell, (store) => store.findGrant(grantId, shell.clock.now()));
      if (grant !== undefined) subjects.add(grant.subject);
    },
    async forget() {
      if (unknown.length === 0 && subjects.size === 0) return;
      await changeStore(shell, async (store, done) => {
        for (const id of unknown) {
          if (await store.removeClient(id, "unlessUsed"))
            await done({ name: "client_removed", client: id, detail });
        }
        for (const subject of subjects) {
          const account = await store.findAccount(subject);
          if (account === undefined || account.createdAt < begun) continue;
          await store.removeAccount(subject);
          await done({ name: "person_removed", subject, detail });
        }
      });
    },
  };
}
