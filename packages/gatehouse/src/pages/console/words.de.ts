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

  questions: {
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
