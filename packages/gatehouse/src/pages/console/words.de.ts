import { html } from "../html.ts";
import type { ConsoleWords } from "./words.ts";

const moment = new Intl.DateTimeFormat("de-DE", { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
const amount = new Intl.NumberFormat("de-DE");
const sessions = (count: number) =>
  `${amount.format(count)} ${count === 1 ? "Browser-Sitzung" : "Browser-Sitzungen"}`;
const apps = (count: number) => `${amount.format(count)} ${count === 1 ? "App" : "Apps"}`;

export const consoleGerman: ConsoleWords = {
  title: "Konsole",
  sections: "Bereiche der Konsole",
  signedInAs: ({ account }) => html`Angemeldet als ${account}`,
  home: "Startseite",
  next: "Weiter",
  beginning: "Zurück zum Anfang",
  cancel: "Abbrechen",
  missing: {
    title: "Nicht gefunden",
    explanation: "Das gibt es nicht mehr, oder es gab es nie.",
  },

  overview: {
    title: "Übersicht",
    people: "Personen",
    blocked: ({ count }) => `${amount.format(count)} gesperrt`,
    sessions: "Browser-Sitzungen",
    grants: "Verbundene Apps",
    clients: "Clients",
    servers: "MCP-Server",
    amount: ({ count }) => amount.format(count),
    checks: "Ist alles bereit?",
    version: ({ version }) => `Gatehouse ${version}`,
    states: { ok: "in Ordnung", warning: "Warnung", failed: "fehlgeschlagen", unknown: "nicht bekannt" },
    checkNames: {
      database: "Datenbank",
      migrations: "Schema",
      disk: "Speicherplatz",
      key: "Schlüssel",
      provider: "Anmeldedienste",
      configuration: "Konfiguration",
      process: "Prozess",
    },
  },

  people: {
    title: "Personen",
    search: "E-Mail-Adresse beginnt mit",
    find: "Suchen",
    everybody: "Alle",
    onlyBlocked: "Gesperrte",
    none: "Es hat sich noch niemand angemeldet.",
    noneFound: "Keine Adresse beginnt so.",
    noneBlocked: "Niemand ist gesperrt.",
    lastSignIn: ({ when }) => `Zuletzt angemeldet ${moment.format(when)}`,
    isBlocked: "Gesperrt",
    withoutAddress: "Ohne Adresse",
  },

  person: {
    facts: "Angaben",
    name: "Name",
    address: "E-Mail-Adresse",
    provider: "Angemeldet mit",
    goneProvider: ({ name }) => `${name} (nicht mehr eingerichtet)`,
    groups: "Gruppen",
    noGroups: "Keine",
    unknownGroups: "Nicht bekannt",
    since: "Hier seit",
    lastSignIn: "Letzte Anmeldung",
    confirmed: "Zuletzt bestätigt",
    blockedSince: "Gesperrt seit",
    at: ({ when }) => `${moment.format(when)} UTC`,
    subject: "Subject",
    issuer: "Issuer",
    upstreamSubject: "Dortiger Name",
    sessions: "Browser-Sitzungen",
    amount: ({ count }) => amount.format(count),
    apps: "Verbundene Apps",
    noApps: "Keine App darf für diese Person handeln.",
    passkeys: "Passkeys",
    unnamedPasskey: "Ohne Namen",
    made: ({ when }) => `Angelegt ${moment.format(when)}.`,
    used: ({ when }) => `Zuletzt benutzt ${moment.format(when)}.`,
    neverUsed: "Nie benutzt.",
    doing: "Was Sie tun können",
    block: "Sperren …",
    unblock: "Entsperren",
    remove: "Entfernen …",
    disconnectAll: "Alle Apps trennen …",
  },

  grants: {
    title: "Apps",
    all: "Alle",
    ofClient: ({ client }) => html`Des Clients ${client}`,
    forServer: ({ server }) => html`Für den MCP-Server ${server}`,
    none: "Keine App ist verbunden.",
    withoutServer: "Kein MCP-Server",
    since: ({ when }) => `Seit ${moment.format(when)}`,
    person: "Person",
    client: "Client",
    reference: "Referenz",
    revoke: "Trennen …",
  },

  servers: {
    title: "MCP-Server",
    add: "MCP-Server hinzufügen",
    none: "Es gibt noch keinen MCP-Server: jede https-Adresse gilt als einer.",
    withoutName: "Ohne Namen",
    scopes: ({ count }) => (count === 1 ? "1 Scope" : `${amount.format(count)} Scopes`),
    declared: ({ place }) => html`Deklariert in ${place}`,
    left: "Er steht nicht mehr in der Datei: er geht von selbst innerhalb eines Tages, oder kommt mit der Datei zurück.",
    declaredElsewhere: "Ändern Sie ihn dort, und lassen Sie den Server die Datei neu lesen (SIGHUP).",
    shortId: "Kurze Kennung",
    since: "Hier seit",
    oldCredential: "Altes Geheimnis gilt bis",
    apps: "Mit ihm verbundene Apps",
    settings: "Was er ist",
    identifier: "Seine Adresse, wie Clients sie kennen",
    name: "Name, wie Leute ihn sehen",
    scopeLines: "Scopes, einer je Zeile: name=was er erlaubt",
    defaults: "Scopes für alle, die keinen verlangen, durch Leerzeichen getrennt",
    optionals: "Scopes, die man ankreuzt oder lässt, durch Leerzeichen getrennt",
    claims: "Was er außerdem über Leute erfährt",
    claimNames: { name: "Ihren Namen", groups: "Ihre Gruppen" },
    save: "Speichern",
    create: "Hinzufügen",
    credential: "Sein Geheimnis",
    rotation: "Er bekommt ein neues, das einmal gezeigt wird. Das alte gilt so lange weiter, wie Sie wählen.",
    keep: "Das alte gilt weiter",
    keeps: { "0": "gar nicht", "1h": "für eine Stunde", "24h": "für 24 Stunden", "7d": "für 7 Tage" },
    rotate: "Neues Geheimnis erzeugen",
    removal: "Entfernen",
    remove: "Entfernen …",
  },

  clients: {
    title: "Clients",
    add: "Client einrichten",
    search: "Client-ID",
    find: "Suchen",
    notFound: ({ id }) => html`Es gibt keinen Client ${id}.`,
    all: "Alle",
    onlyProvisioned: "Eingerichtete",
    none: "Es gibt keine Clients.",
    withoutName: "Ohne Namen",
    origins: {
      declared: "In einer Datei deklariert",
      operator: "Hier eingerichtet",
      document: "Sein Dokument",
      registered: "Selbst registriert",
    },
    lastUsed: ({ when }) => `Zuletzt benutzt ${moment.format(when)}`,
    neverUsed: "Nie benutzt",
    id: "Client-ID",
    origin: "Woher er kommt",
    authMethod: "Wie er sich ausweist",
    grantTypes: "Grant-Arten",
    homePage: "Homepage",
    createdAt: "Hier seit",
    lastUse: "Zuletzt benutzt",
    redirects: "Wohin geantwortet werden darf",
    oldSecret: "Altes Geheimnis gilt bis",
    apps: "Über ihn verbundene Apps",
    settings: "Was er ist",
    name: "Name, wie Leute ihn sehen",
    redirectLines: "Redirect-URIs, eine je Zeile",
    methods: {
      none: "Gar nicht: ein öffentlicher Client, mit PKCE",
      client_secret_basic: "Mit einem Geheimnis (client_secret_basic)",
      client_secret_post: "Nach dem Vertrag des Dienstes vor Gatehouse (client_secret_post)",
      private_key_jwt: "Mit einem eigenen Schlüssel",
    },
    save: "Speichern",
    create: "Einrichten",
    vouching: "Wer für ihn bürgt",
    vouchExplained:
      "Einen Client, für den Sie bürgen, sehen Leute als von Ihnen eingerichtet. Prüfen Sie zuerst seine Redirect-URIs.",
    vouch: "Für ihn bürgen",
    withdraw: "Nicht mehr für ihn bürgen",
    secret: "Sein Geheimnis",
    rotation: "Er bekommt ein neues, das einmal gezeigt wird. Das alte gilt so lange weiter, wie Sie wählen.",
    rotate: "Neues Geheimnis erzeugen",
    removal: "Entfernen",
    remove: "Entfernen …",
  },

  secret: {
    title: "Einmal gezeigt",
    credential: ({ of }) => html`Das Geheimnis von ${of}`,
    secret: ({ of }) => html`Das Geheimnis von ${of}`,
    once: "Kopieren Sie es jetzt: gespeichert ist nur ein Hash, und niemand kann es noch einmal zeigen.",
    usedWith: "Gilt mit der Client-ID",
    until: ({ when }) => `Das alte gilt noch bis ${moment.format(when)} UTC.`,
    done: "Ich habe es kopiert",
  },

  problems: {
    malformed_identifier: "Das ist keine Adresse eines MCP-Servers.",
    malformed_scope: "Ein Scope ist ein Name ohne Leerzeichen, oder name=was er erlaubt.",
    scope_twice: "Ein Scope steht zweimal da.",
    no_such_scope: "Er hat keinen solchen Scope.",
    default_and_optional:
      "Ein Scope kann nicht zugleich für alle gelten, die keinen verlangen, und freiwillig sein.",
    unknown_claim: "Nur Namen und Gruppen kann er erfahren.",
    malformed_id: "Eine Client-ID hat 1 bis 200 Buchstaben, Ziffern und . _ ~ -",
    malformed_redirect: "Diese Redirect-URI kann nicht gemeint sein.",
    no_redirect: "Er braucht eine Redirect-URI.",
    taken: "Es gibt schon einen.",
    unknown: "Es gibt ihn nicht mehr.",
    declared: "Eine Datei deklariert ihn: ändern Sie ihn dort.",
    registered_itself: "Er hat sich selbst registriert, und nur er kann ändern, was er gesagt hat.",
    known_by_document: "Für ihn bürgt die Website, die sein Dokument veröffentlicht.",
    holds_own_secret:
      "Er hat ein Geheimnis, das er selbst bekam: entfernen Sie ihn und richten Sie einen ein.",
    no_secret: "Er hat kein Geheimnis.",
    secret_of_its_own:
      "Er hat sich selbst registriert, und bekommt ein neues Geheimnis, indem er sich neu registriert.",
    changed_meanwhile:
      "Sein Geheimnis wurde in diesem Moment geändert: sehen Sie nach, wer es war, und versuchen Sie es erneut.",
    provisioned: "Sie haben ihn eingerichtet: entfernen Sie ihn stattdessen.",
  },

  questions: {
    revoke: {
      title: "App trennen",
      heading: ({ about }) => html`Diese App von ${about} trennen?`,
      explanation:
        "Sie kann von da an nichts mehr für diese Person tun. Die Person kann sie wieder verbinden.",
      yes: "Trennen",
    },
    remove_server: {
      title: "MCP-Server entfernen",
      heading: ({ about }) => html`${about} entfernen?`,
      explanation:
        "Sein Geheimnis gilt sofort nicht mehr, und alle Tokens und Zustimmungen für ihn enden. Ist er der letzte, gilt danach jede https-Adresse als MCP-Server.",
      yes: "Entfernen",
    },
    remove_client: {
      title: "Client entfernen",
      heading: ({ about }) => html`${about} entfernen?`,
      explanation: "Alle seine Tokens und Zustimmungen enden, überall zugleich.",
      yes: "Entfernen",
    },
    block: {
      title: "Jemanden sperren",
      heading: ({ about }) => html`${about} sperren?`,
      explanation:
        "Von da an gilt nichts mehr, was diese Person hier hat, und sie kann sich nicht anmelden, bis sie entsperrt wird.",
      yes: "Sperren",
    },
    remove_person: {
      title: "Jemanden entfernen",
      heading: ({ about }) => html`${about} entfernen?`,
      explanation:
        "Adresse, Name, Gruppen, Passkeys und Zustimmungen werden vergessen. Wer nicht gesperrt ist, kann sich wieder anmelden, als jemand Neues.",
      yes: "Entfernen",
    },
    disconnect_all: {
      title: "Alle Apps trennen",
      heading: ({ about }) => html`Alle Apps von ${about} trennen?`,
      explanation:
        "Keine davon kann von da an noch etwas für diese Person tun. Die Person kann sie wieder verbinden.",
      yes: "Trennen",
    },
  },
  ends: ({ sessionCount, grantCount }) =>
    sessionCount === undefined
      ? `Damit enden ${apps(grantCount)}.`
      : `Damit enden ${sessions(sessionCount)} und ${apps(grantCount)}.`,

  again: {
    title: "Erneut anmelden",
    heading: "Sind Sie es noch?",
    toLook: ({ minutes }) =>
      `Die Konsole verlangt eine Anmeldung in den letzten ${minutes} Minuten. Danach kommen Sie auf diese Seite zurück.`,
    toAct: ({ minutes }) =>
      `Um etwas zu ändern, müssen Sie sich in den letzten ${minutes} Minuten angemeldet haben. Noch ist nichts geschehen: Sie kommen auf diese Seite zurück, mit dem, was Sie eingegeben haben.`,
    stale: ({ when }) =>
      `Ihr Anmeldedienst sagt, dass Sie zuletzt um ${moment.format(when)} UTC gezeigt haben, dass Sie es sind. Wenn Sie das gerade getan haben, hat er Sie nicht neu gefragt.`,
    go: "Erneut anmelden",
  },
};
