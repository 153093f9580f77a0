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

  grants: {
    title: "Apps",
    all: "All",
    ofClient: ({ client }: { client: Html }) => html`Of the client ${client}`,
    forServer: ({ server }: { server: Html }) => html`For the MCP server ${server}`,
    none: "No app is connected.",
    withoutServer: "No MCP server",
    since: ({ when }: { when: Date }) => `Since ${moment.format(when)}`,
    person: "Person",
    client: "Client",
    reference: "Reference",
    revoke: "Disconnect …",
  },

  servers: {
    title: "MCP servers",
    add: "Add an MCP server",
    none: "There is no MCP server yet: any https address is taken for one.",
    withoutName: "Without a name",
    scopes: ({ count }: { count: number }) => (count === 1 ? "1 scope" : `${amount.format(count)} scopes`),
    declared: ({ place }: { place: Html }) => html`Declared at ${place}`,
    left: "It left the file: it goes by itself within a day, or comes back with the file.",
    declaredElsewhere: "Change it there, and have the server read it again (SIGHUP).",
    shortId: "Short id",
    since: "Here since",
    oldCredential: "Old credential good until",
    apps: "Apps connected to it",
    settings: "What it is",
    identifier: "Its address, as clients know it",
    name: "Name, as people see it",
    scopeLines: "Scopes, one a line: name=what it allows",
    defaults: "Scopes for whoever asks for none, with spaces between",
    optionals: "Scopes that people tick or leave, with spaces between",
    claims: "What it is told of people besides",
    claimNames: { name: "Their name", groups: "Their groups" },
    save: "Save",
    create: "Add",
    credential: "Its credential",
    rotation: "It gets a new one, shown once. The old one stays good for as long as you choose.",
    keep: "The old one stays good",
    keeps: { "0": "not at all", "1h": "for an hour", "24h": "for 24 hours", "7d": "for 7 days" },
    rotate: "Make a new credential",
    removal: "Remove it",
    remove: "Remove …",
  },

  clients: {
    title: "Clients",
    add: "Provision a client",
    search: "Client id",
    find: "Find",
    notFound: ({ id }: { id: Html }) => html`There is no client ${id}.`,
    all: "All",
    onlyProvisioned: "Provisioned",
    none: "There are no clients.",
    withoutName: "Without a name",
    origins: {
      declared: "Declared in a file",
      operator: "Set up here",
      document: "Its document",
      registered: "Registered itself",
    },
    lastUsed: ({ when }: { when: Date }) => `Last used ${moment.format(when)}`,
    neverUsed: "Never used",
    id: "Client id",
    origin: "Where it comes from",
    authMethod: "How it authenticates",
    grantTypes: "Grant types",
    homePage: "Home page",
    createdAt: "Here since",
    lastUse: "Last used",
    redirects: "Where it may be answered",
    oldSecret: "Old secret good until",
    apps: "Apps connected through it",
    settings: "What it is",
    name: "Name, as people see it",
    redirectLines: "Redirect URIs, one a line",
    methods: {
      none: "Not at all: a public client, with PKCE",
      client_secret_basic: "By a secret (client_secret_basic)",
      client_secret_post: "By the contract of the service before Gatehouse (client_secret_post)",
      private_key_jwt: "By a key of its own",
    },
    save: "Save",
    create: "Provision",
    vouching: "Who vouches for it",
    vouchExplained:
      "People see a client that you vouch for as set up by you. Look at its redirect URIs first.",
    vouch: "Vouch for it",
    withdraw: "Vouch for it no longer",
    secret: "Its secret",
    rotation: "It gets a new one, shown once. The old one stays good for as long as you choose.",
    rotate: "Make a new secret",
    removal: "Remove it",
    remove: "Remove …",
  },

  secret: {
    title: "Shown once",
    credential: ({ of }: { of: Html }) => html`The credential of ${of}`,
    secret: ({ of }: { of: Html }) => html`The secret of ${of}`,
    once: "Copy it now: it is stored only as a hash, and nobody can show it again.",
    usedWith: "Used with the client id",
    until: ({ when }: { when: Date }) => `The old one stays good until ${moment.format(when)} UTC.`,
    done: "I have copied it",
  },

  problems: {
    malformed_identifier: "This is no address of an MCP server.",
    malformed_scope: "A scope is a name without spaces, or name=what it allows.",
    scope_twice: "A scope stands there twice.",
    no_such_scope: "It has no such scope.",
    default_and_optional: "A scope cannot be both for whoever asks for none and optional.",
    unknown_claim: "It can be told names and groups only.",
    malformed_id: "A client id is 1 to 200 letters, digits and . _ ~ -",
    malformed_redirect: "This redirect URI cannot be meant.",
    no_redirect: "It needs a redirect URI.",
    taken: "There is one already.",
    unknown: "It is gone.",
    declared: "A file declares it: change it there.",
    registered_itself: "It registered itself, and only it can change what it said.",
    known_by_document: "The site that publishes its document vouches for it.",
    holds_own_secret: "It holds a secret that it got by itself: remove it and provision one.",
    no_secret: "It has no secret.",
    secret_of_its_own: "It registered itself, and gets a new secret by registering anew.",
    changed_meanwhile: "Its secret was changed at this moment: look who did, then try again.",
    provisioned: "You provisioned it: remove it instead.",
  },

  questions: {
    revoke: {
      title: "Disconnect an app",
      heading: ({ about }: { about: Html }) => html`Disconnect this app of ${about}?`,
      explanation: "It can do nothing for this person from that moment on. They may connect it again.",
      yes: "Disconnect",
    },
    remove_server: {
      title: "Remove an MCP server",
      heading: ({ about }: { about: Html }) => html`Remove ${about}?`,
      explanation:
        "Its credential stops at once, and every token and approval for it ends. Removing the last one lets any https address be taken for an MCP server.",
      yes: "Remove",
    },
    remove_client: {
      title: "Remove a client",
      heading: ({ about }: { about: Html }) => html`Remove ${about}?`,
      explanation: "Every token and approval of it ends, everywhere at once.",
      yes: "Remove",
    },
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
