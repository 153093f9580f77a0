import type { Command } from "commander";
import { oneLine } from "../oauth/harmless.ts";
import { mayVouchFor, vouchAsSeen } from "../oauth/provisioning/clients.ts";
import type { Store } from "../oauth/store.ts";
import { refuseDeclaredClient } from "./declared.ts";
import { asJson, type JsonOption, printJson } from "./options.ts";
import { asRefusal } from "./provisioning-refusal.ts";
import { Refusal } from "./refusal.ts";
import type { Shell } from "./shell.ts";
import { changeStore } from "./store.ts";

interface VouchOptions extends JsonOption {
  readonly withdraw?: true;
}

export function addVouchCommand(clients: Command, shell: Shell): void {
  clients
    .command("vouch <id>")
    .description(
      "vouch for a public client that registered itself: people see it as set up by you; look at its redirect URIs first",
    )
    .option("--withdraw", "do not vouch for it any more")
    .addOption(asJson())
    .action((id: string, { withdraw, json }: VouchOptions) =>
      changeStore(shell, async (store, done) => {
        const isChanged = await (withdraw ? withdrawFrom(store, id) : vouchFor(store, id));
        if (isChanged)
          await done({ name: "client_vouched", client: id, reason: withdraw ? "withdrawn" : undefined });
        if (json) return printJson(shell, { client_id: id, vouched: !withdraw });
        const seen = withdraw ? "one that registered itself" : "set up by whoever runs this server";
        shell.complain(`People see client ${id} as ${seen}.`);
      }),
    );
}

/** False for a client that the operator set up himself. */
async function vouchFor(store: Store, id: string): Promise<boolean> {
  const client = await store.findClient(id);
  if (client === undefined) throw unknownClient(id);
  if (!asRefusal(() => mayVouchFor(client), id)) return false;
  await vouchAsSeen(store, client).catch((error: unknown) => {
    asRefusal(() => {
      throw error;
    }, id);
  });
  return true;
}

async function withdrawFrom(store: Store, id: string): Promise<boolean> {
  const before = await store.findClient(id);
  if (before !== undefined) refuseDeclaredClient(before);
  if (!(await store.vouchForClient(id, false))) throw unknownClient(id);
  const client = await store.findClient(id);
  if (client?.dynamicallyRegistered === false) {
    throw new Refusal(1, `client ${id} is one that you provisioned: clients remove takes it away`);
  }
  return true;
}

function unknownClient(id: string): Refusal {
  return new Refusal(1, `there is no client ${oneLine(id)}`);
}
