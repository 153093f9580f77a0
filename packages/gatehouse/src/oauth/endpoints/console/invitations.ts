import {
  type InvitationEntries,
  type InvitationFormView,
  invitationLifetimes,
} from "../../messages/console-page.ts";
import { OAuthError } from "../../messages/errors.ts";
import type { Parameters } from "../../messages/parameters.ts";
import type { OAuthResponse } from "../../messages/response.ts";
import type { AuditEvent } from "../../ports.ts";
import { readGroups } from "../../provisioning/group-names.ts";
import type { InvitationProblem } from "../../reason.ts";
import type { KnownAccount } from "../../records.ts";
import { type Seconds, seconds } from "../../values.ts";
import { recordAct } from "./act.ts";
import { askAgain, toAct } from "./again.ts";
import {
  type Asked,
  type ConsolePath,
  goTo,
  isConfirmed,
  nextPart,
  requireOwnForm,
  rowsAtOnce,
  show,
} from "./asked.ts";

/** Invites people to accounts of this server. */
export interface Invites {
  /** What a mail can be written in; `undefined`: none is sent. */
  languages(): readonly string[] | undefined;
  /** Who has this address, and an account that an invitation would give new passkeys. */
  findInvitable(email: string): Promise<readonly KnownAccount[]>;
  /** In the place of an earlier invitation to the address. */
  invite(about: {
    readonly email: string;
    readonly groups: readonly string[];
    readonly endsGrants: boolean;
    readonly lifetime: Seconds;
    readonly language: string;
  }): Promise<Invited | { readonly refused: InvitationProblem; readonly why?: string | undefined }>;
}

interface Invited {
  readonly email: string;
  /** `undefined`: it was mailed. */
  readonly link: string | undefined;
  readonly expiresAt: Seconds;
  /** Whether that person has an account already, whose passkeys it replaces. */
  readonly replaces: boolean;
  readonly act: Pick<AuditEvent, "name"> & Partial<AuditEvent>;
}

/** Those that are open; one is taken back, which ends nothing but its link. */
export const invitations: ConsolePath = {
  async get(asked) {
    const { request, services, path } = asked;
    const after = request.query.get("after");
    const page = { limit: rowsAtOnce, after };
    const { items, next } = await services.store.listInvitations(services.clock.now(), page);
    return show(asked, {
      kind: "invitations",
      action: path,
      invitations: items.map(({ email, groups, endsGrants, expiresAt }) => {
        return { email, groups, endsGrants, expiresAt };
      }),
      next: nextPart(path, {}, next),
      isFirst: after === undefined,
    });
  },

  async post(asked) {
    const form = requireOwnForm(asked);
    const again = await askAgain(asked, toAct, { returnTo: asked.path });
    if (again !== undefined) return again;
    if (form.get("act") !== "take_back")
      throw new OAuthError("invalid_request", { hint: "act is none of this page's" });
    const { clock, store } = asked.services;
    const email = form.get("email") ?? ""; // the one for the first person has none
    if (await store.cancelInvitation(email, clock.now())) {
      const detail = `to ${email || "the first person"}`;
      await recordAct(asked, { name: "invitation_created", reason: "cancelled", detail });
    }
    return goTo(asked, "/invitations");
  },
};

/** A form for one more. Its link is shown once, on the page that answers, or mailed. */
export const newInvitation = (invites: Invites): ConsolePath => ({
  get: async (asked) => form(asked, invites, entriesIn(asked.request.query), undefined),

  async post(asked) {
    const sent = requireOwnForm(asked);
    const entries = entriesIn(sent);
    const refuse = (key: InvitationProblem, about?: string) => form(asked, invites, entries, { key, about });
    if (entries.endsGrants && !isConfirmed(sent)) {
      const people = await invites.findInvitable(entries.email);
      if (people.length > 0) return question(asked, entries, people);
    }
    const again = await askAgain(asked, toAct);
    if (again !== undefined) return again;
    const { email, lifetime, language, endsGrants } = entries;
    const groups = entries.groups === "" ? [] : readGroups(entries.groups);
    if (groups === undefined) return refuse("groups");
    const about = { email, groups, endsGrants, lifetime: lengthOf(lifetime), language };
    const invited = await invites.invite(about);
    if ("refused" in invited) return refuse(invited.refused, invited.why);
    await recordAct(asked, invited.act);
    const { link, expiresAt, replaces } = invited;
    return show(asked, {
      kind: "invited",
      email: invited.email,
      link,
      expiresAt,
      replaces: replaces ? (endsGrants ? "everything" : "passkeys") : undefined,
    });
  },
});

function entriesIn(sent: Parameters): InvitationEntries {
  const text = (name: string) => sent.get(name)?.trim() ?? "";
  return {
    email: text("email"),
    groups: text("groups"),
    lifetime: invitationLifetimes.find((each) => each === sent.get("lifetime")) ?? "72h",
    language: text("language"),
    endsGrants: sent.get("ends_grants") === "yes",
  };
}

const hour = 3600;
const lengths = {
  "1h": hour,
  "24h": 24 * hour,
  "72h": 72 * hour,
  "7d": 7 * 24 * hour,
  "30d": 30 * 24 * hour,
};
const lengthOf = (lifetime: InvitationEntries["lifetime"]) => seconds(lengths[lifetime]);

const form = async (
  asked: Asked,
  invites: Invites,
  entries: InvitationEntries,
  problem: InvitationFormView["problem"],
) =>
  show(asked, {
    kind: "invitation-form",
    action: asked.path,
    entries,
    languages: invites.languages(),
    problem,
  });

/** Asked where the apps of somebody who has an account are to end with it: how many there are. */
async function question(
  asked: Asked,
  { email, groups, lifetime, language }: InvitationEntries,
  people: readonly KnownAccount[],
): Promise<OAuthResponse> {
  const { clock, store } = asked.services;
  const holdings = await Promise.all(people.map(({ subject }) => store.findHoldings(subject, clock.now())));
  const entered = { email, groups, lifetime, language, ends_grants: "yes" };
  return show(asked, {
    kind: "question",
    act: "invite_again",
    about: email,
    sessions: holdings.reduce((total, { sessions }) => total + sessions, 0),
    grants: holdings.reduce((total, { grants }) => total + grants.length, 0),
    action: asked.path,
    fields: { ...entered, confirmed: "yes" },
    back: `${asked.path}?${new URLSearchParams(entered)}`,
  });
}
