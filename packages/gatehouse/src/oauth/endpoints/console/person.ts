import { connectedAppsOf } from "../../authorization/connected-apps.ts";
import type { QuestionedAct } from "../../messages/console-page.ts";
import { OAuthError } from "../../messages/errors.ts";
import type { OAuthResponse } from "../../messages/response.ts";
import type { KnownAccount } from "../../records.ts";
import type { GrantId, Subject } from "../../values.ts";
import { recordAct } from "./act.ts";
import { askAgain, toAct } from "./again.ts";
import { type Asked, type ConsolePath, goTo, isConfirmed, requireOwnForm, show } from "./asked.ts";

/** A person: who they are, what lives of theirs, and what an administrator does about it. */
export const person: ConsolePath = {
  async get(asked) {
    const found = await findPerson(asked, asked.request.query.get("subject"));
    if (found === undefined) return show(asked, { kind: "missing" });
    const act = asked.request.query.get("act");
    return isQuestioned(act) ? question(asked, found, act) : showPerson(asked, found);
  },

  async post(asked) {
    const form = requireOwnForm(asked);
    const found = await findPerson(asked, form.get("subject"));
    if (found === undefined) return show(asked, { kind: "missing" });
    const act = form.get("act");
    if (isQuestioned(act) && !isConfirmed(form)) return question(asked, found, act);
    const returnTo = isQuestioned(act) ? pathOf(asked, found, act) : pathOf(asked, found);
    const again = await askAgain(asked, toAct, { returnTo });
    if (again !== undefined) return again;
    switch (act) {
      case "disconnect":
        await disconnect(asked, found, form.get("grant"));
        break;
      case "disconnect_all":
        await disconnectAll(asked, found);
        break;
      case "block":
        await block(asked, found);
        break;
      case "release":
        await release(asked, found);
        break;
      case "unblock":
        await unblock(asked, found);
        break;
      case "remove_person":
        await remove(asked, found);
        return goTo(asked, "/people");
      default:
        throw new OAuthError("invalid_request", { hint: "act is none of this page's" });
    }
    return goTo(asked, `/person?subject=${encodeURIComponent(found.subject)}`);
  },
};

type PersonQuestion = Extract<QuestionedAct, "block" | "remove_person" | "disconnect_all" | "release">;
const questioned: readonly PersonQuestion[] = ["block", "remove_person", "disconnect_all", "release"];
const isQuestioned = (act: string | undefined): act is PersonQuestion =>
  questioned.includes(act as PersonQuestion);

function findPerson({ services }: Asked, subject: string | undefined): Promise<KnownAccount | undefined> {
  return subject === undefined ? Promise.resolve(undefined) : services.store.findAccount(subject as Subject);
}

function pathOf({ path }: Asked, { subject }: KnownAccount, act?: QuestionedAct): string {
  return `${path}?${new URLSearchParams({ subject, ...(act && { act }) })}`;
}

async function showPerson(asked: Asked, found: KnownAccount): Promise<OAuthResponse> {
  const { services } = asked;
  const { sessions, apps, count } = await connectedAppsOf(services, found.subject);
  const passkeys = (await services.store.listPasskeys(found.subject)) ?? [];
  const provider = services.providers.find(found.provider)?.title;
  return show(asked, { kind: "person", person: found, provider, sessions, apps, count, passkeys });
}

async function question(asked: Asked, found: KnownAccount, act: PersonQuestion): Promise<OAuthResponse> {
  const { clock, store } = asked.services;
  const { sessions, grants } = await store.findHoldings(found.subject, clock.now());
  return show(asked, {
    kind: "question",
    act,
    about: found.email || found.upstreamSubject,
    ...(act !== "disconnect_all" && { sessions }),
    grants: grants.length,
    action: asked.path,
    fields: { subject: found.subject, act, confirmed: "yes" },
    back: pathOf(asked, found),
  });
}

/** Somebody else's grant, or one that is gone, is nothing. */
async function disconnect(asked: Asked, { subject }: KnownAccount, id: string | undefined): Promise<void> {
  const { clock, store } = asked.services;
  const grant = id === undefined ? undefined : await store.findGrant(id as GrantId, clock.now());
  if (grant?.subject !== subject || !(await store.revokeGrant(grant.id))) return;
  const { id: ended, clientId: client, resource, reference: attempt } = grant;
  await recordAct(asked, { name: "grant_revoked", subject, client, resource, grant: ended, attempt });
}

async function disconnectAll(asked: Asked, { subject }: KnownAccount): Promise<void> {
  const { clock, store } = asked.services;
  const { grants } = await store.findHoldings(subject, clock.now());
  const ended: GrantId[] = [];
  for (const { id } of grants) if (await store.revokeGrant(id)) ended.push(id);
  const about = { count: ended.length, detail: `grants ${ended.join(" ")}` };
  await recordAct(asked, { name: "person_disconnected", subject, ...about });
}

async function block(asked: Asked, { subject, email }: KnownAccount): Promise<void> {
  const { clock, store } = asked.services;
  const ended = await store.blockAccount(subject, clock.now());
  if (ended === undefined) return;
  // LEGACY, afterwards: none of such tokens is exchanged for a grant any more.
  if (email !== "") await store.revokeOriginalRefreshTokens(email);
  const detail = `ended ${ended.sessions} sessions, ${ended.grants.length} grants, ${ended.codes} codes`;
  await recordAct(asked, { name: "person_blocked", subject, detail });
}

/** The address is free for another person; they stay who they are, without one. */
async function release(asked: Asked, { subject, email }: KnownAccount): Promise<void> {
  const { store } = asked.services;
  if (email === "") return;
  await store.revokeOriginalRefreshTokens(email); // LEGACY: known by address alone
  if (await store.withdrawAddress(subject, email)) {
    await recordAct(asked, { name: "address_released", subject });
  }
}

async function unblock(asked: Asked, { subject }: KnownAccount): Promise<void> {
  if (await asked.services.store.unblockAccount(subject)) {
    await recordAct(asked, { name: "person_unblocked", subject });
  }
}

async function remove(asked: Asked, { subject, email }: KnownAccount): Promise<void> {
  const { store } = asked.services;
  // LEGACY first: what comes of such a token until then has an account.
  if (email !== "") await store.revokeOriginalRefreshTokens(email);
  const ended = await store.removeAccount(subject);
  if (ended === undefined) return;
  const detail = `ended ${ended.sessions} sessions, ${ended.grants.length} grants, ${ended.codes} codes`;
  await recordAct(asked, { name: "person_removed", subject, detail });
}
