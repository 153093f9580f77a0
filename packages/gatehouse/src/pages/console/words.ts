import { type Html, html } from "../html.ts";

/*
 * What the console says, in English: the source, as `pages/words.ts` is of the other pages. German stands in
 * `words.de.ts`, with the same keys.
 */

export type ConsoleWords = typeof consoleEnglish;

const moment = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const amount = new Intl.NumberFormat("en-GB");
const sessions = (count: number) =>
  `${amount.format(count)} ${count === 1 ? "browser session" : "browser sessions"}`;
const apps = (count: number) => `${amount.format(count)} ${count === 1 ? "app" : "apps"}`;

export const consoleEnglish = {
  title: "Console",
  sections: "Sections of the console",
  signedInAs: ({ account }: { account: Html }) => html`Signed in as ${account}`,
  home: "Home page",
  next: "Next",
  beginning: "Back to the beginning",
  cancel: "Cancel",
  missing: {
    title: "Not found",
    explanation: "It is not there any more, or never was.",
  },

  overview: {
    title: "Overview",
    people: "People",
    blocked: ({ count }: { count: number }) => `${amount.format(count)} blocked`,
    sessions: "Browser sessions",
    grants: "Connected apps",
    clients: "Clients",
    servers: "MCP servers",
    amount: ({ count }: { count: number }) => amount.format(count),
    checks: "Is it ready?",
    version: ({ version }: { version: string }) => `Gatehouse ${version}`,
    states: { ok: "in order", warning: "warning", failed: "failed", unknown: "not known" },
    checkNames: {
      database: "Database",
      migrations: "Schema",
      disk: "Disk",
      key: "Keys",
      provider: "Sign-in services",
      configuration: "Configuration",
      process: "Process",
    },
  },

  people: {
    title: "People",
    search: "E-mail address begins with",
    find: "Find",
    everybody: "Everybody",
    onlyBlocked: "Blocked",
    none: "Nobody has signed in yet.",
    noneFound: "Nobody’s address begins like that.",
    noneBlocked: "Nobody is blocked.",
    lastSignIn: ({ when }: { when: Date }) => `Last sign-in ${moment.format(when)}`,
    isBlocked: "Blocked",
    withoutAddress: "Without an address",
  },

  person: {
    facts: "Facts",
    name: "Name",
    address: "E-mail address",
    provider: "Signed in with",
    goneProvider: ({ name }: { name: string }) => `${name} (not configured any more)`,
    groups: "Groups",
    noGroups: "None",
    unknownGroups: "Not known",
    since: "Here since",
    lastSignIn: "Last sign-in",
    confirmed: "Last confirmed",
    blockedSince: "Blocked since",
    at: ({ when }: { when: Date }) => `${moment.format(when)} UTC`,
    subject: "Subject",
    issuer: "Issuer",
    upstreamSubject: "Their name there",
    sessions: "Browser sessions",
    amount: ({ count }: { count: number }) => amount.format(count),
    apps: "Connected apps",
    noApps: "No app may act for this person.",
    passkeys: "Passkeys",
    unnamedPasskey: "Without a name",
    made: ({ when }: { when: Date }) => `Made ${moment.format(when)}.`,
    used: ({ when }: { when: Date }) => `Last used ${moment.format(when)}.`,
    neverUsed: "Never used.",
    doing: "What you can do",
    block: "Block …",
    unblock: "Unblock",
    remove: "Remove …",
    disconnectAll: "Disconnect all apps …",
  },

  questions: {
    block: {
      title: "Block somebody",
      heading: ({ about }: { about: Html }) => html`Block ${about}?`,
      explanation:
        "Nothing of theirs works from that moment on, and they cannot sign in until they are unblocked.",
      yes: "Block",
    },
    remove_person: {
      title: "Remove somebody",
      heading: ({ about }: { about: Html }) => html`Remove ${about}?`,
      explanation:
        "Their address, name, groups, passkeys and approvals are forgotten. Unless they are blocked they may sign in again, as somebody new.",
      yes: "Remove",
    },
    disconnect_all: {
      title: "Disconnect all apps",
      heading: ({ about }: { about: Html }) => html`Disconnect all apps of ${about}?`,
      explanation:
        "None of them can do anything for this person from that moment on. They may connect them again.",
      yes: "Disconnect",
    },
  },
  ends: ({ sessionCount, grantCount }: { sessionCount: number | undefined; grantCount: number }) =>
    sessionCount === undefined
      ? `This ends ${apps(grantCount)}.`
      : `This ends ${sessions(sessionCount)} and ${apps(grantCount)}.`,

  again: {
    title: "Sign in again",
    heading: "Is it still you?",
    toLook: ({ minutes }: { minutes: number }) =>
      `The console wants a sign-in of the last ${minutes} minutes. You come back to this page.`,
    toAct: ({ minutes }: { minutes: number }) =>
      `To change something you must have signed in within the last ${minutes} minutes. Nothing has been done yet: you come back to this page, with what you entered.`,
    stale: ({ when }: { when: Date }) =>
      `Your sign-in service says that you last proved who you are at ${moment.format(when)} UTC. If you did so just now, it did not ask you anew.`,
    go: "Sign in again",
  },
};
