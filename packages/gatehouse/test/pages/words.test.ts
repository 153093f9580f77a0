import assert from "node:assert/strict";
import { test } from "node:test";
import { consoleCatalogues } from "../../src/pages/console/language.ts";
import { Html, html } from "../../src/pages/html.ts";
import { catalogues } from "../../src/pages/language.ts";

/** What administrators read stands in catalogues of its own. */
const both = {
  en: { ...catalogues.en, console: consoleCatalogues.en },
  de: { ...catalogues.de, console: consoleCatalogues.de },
};
const { en: english, ...others } = both;
/** Words that are the same in German, or the name of something in the protocol. */
const sameEverywhere = new Set([
  ...["Apps", "Audit", "Client", "Clients", "Issuer", "Name", "Passkeys", "Person", "Schema", "Subject"],
  ...["Gatehouse 1.2.3", "4,711", "+30 s", "4711"],
]);

type Entry = string | ((parameters: never) => unknown);

/** What the functions of a catalogue are called with, by the name of the parameter. */
const samples: Record<string, unknown> = {
  about: html`<bdi>ada@example.org</bdi>`,
  actor: html`<code>user_1</code>`,
  client: html`<bdi>client-1</bdi>`,
  grantCount: 4711,
  left: 4711,
  id: html`<bdi>client-1</bdi>`,
  minutes: 15,
  most: 4711,
  of: html`<bdi>client-1</bdi>`,
  place: html`<code>gatehouse.yaml:1:1</code>`,
  sessionCount: 4711,
  version: "1.2.3",
  when: new Date("2026-11-26T12:00:00Z"),
  account: html`<b>ada@example.org</b>`,
  app: "Example app",
  count: 4711,
  apps: [],
  domains: ["domain.example"],
  email: "ada@example.org",
  limit: 40,
  seconds: 30,
  day: new Date("2026-11-26T12:00:00Z"),
  host: html`<bdi>host.example</bdi>`,
  imitates: "Imitated",
  link: "https://host.example/link",
  more: 4711,
  name: html`<bdi>Given name</bdi>`,
  scheme: html`<bdi>scheme:</bdi>`,
  scopes: html`<code>some:scope</code>`,
  server: "Example server",
  provider: html`<bdi>Work account</bdi>`,
  until: new Date("2026-11-26T12:00:00Z"),
};
/** Those of which only a part is printed. */
const samplesOfEntries: Record<string, Record<string, unknown>> = {
  "reasons.forgottenApp": { app: { name: "Claude", command: undefined } },
  "reasons.refusedApp": { host: "host.example" },
  "reasons.faultyDocument": { app: "Claude", host: "host.example" },
  "reasons.missingDocument": { app: "Claude", host: "host.example" },
  "reasons.unknownRedirect": { app: "Claude", uri: "https://host.example/cb" },
  "reasons.provisionedRedirect": { uri: "https://host.example/cb" },
  "reasons.unknownResource": { asked: "https://a.example/mcp", known: "https://b.example/mcp" },
  "reasons.wrongAddress": { ours: "https://a.example", theirs: "https://b.example" },
  "reasons.noCookie": { host: "host.example" },
  "reasons.turnedAway": { app: "Claude", provider: "Work account" },
  "reasons.cancelled": { app: "Claude", provider: "Work account" },
  "consent.quoted": { name: "Given name" },
  "connectedApps.quoted": { name: "Given name" },
  "connectedApps.usedFrom": { address: "192.0.2.1" },
  "passkeys.removeThis": { name: "Phone" },
  "passkeys.removeExplanation": { left: 2 },
};

/** All entries of a catalogue by their keys, `consent.approve` and the like. */
function entriesOf(catalogue: object, prefix = ""): [key: string, entry: Entry][] {
  return Object.entries(catalogue).flatMap(([key, value]) =>
    typeof value === "object" ? entriesOf(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value as Entry]],
  );
}

const parametersOf = (entry: Entry) =>
  typeof entry === "string"
    ? undefined
    : [...(/^\(\{([^}]*)\}/.exec(String(entry))?.[1]?.matchAll(/(\w+)(?: = "[^"]*")?\s*(?:,|$)/g) ?? [])]
        .map(([, name = ""]) => name)
        .sort();

/** What a person reads of an entry, all its lines. */
function readingOf(key: string, entry: Entry): string[] {
  if (typeof entry === "string") return [entry];
  const given = { ...samples, ...samplesOfEntries[key] };
  const result = (entry as (parameters: object) => unknown)(
    Object.fromEntries(parametersOf(entry)?.map((name) => [name, given[name]]) ?? []),
  );
  if (typeof result === "string") return [result];
  if (result instanceof Html) return [result.text];
  return Object.values(result as object) as string[];
}

/** The parameters as they are printed. */
function printed(key: string, names: readonly string[]): string[] {
  const given = { ...samples, ...samplesOfEntries[key] };
  return names.flatMap((name) => {
    const value = given[name] as unknown;
    assert.ok(value !== undefined, `${key}: this test has no sample of the parameter ${name}`);
    if (value instanceof Date) return ["26", "2026"];
    if (typeof value === "number") return [value < 1000 ? String(value) : "711"];
    return [
      typeof value === "object" && value !== null && "name" in value ? String(value.name) : String(value),
    ];
  });
}

test("each language has every key, with the same parameters, and prints them all", () => {
  const source = entriesOf(english);
  assert.ok(source.length > 200, String(source.length));
  for (const [language, catalogue] of Object.entries(others)) {
    const entries = new Map(entriesOf(catalogue));
    assert.deepEqual([...entries.keys()].sort(), source.map(([key]) => key).sort(), language);
    for (const [key, entry] of source) {
      const translated = entries.get(key) ?? "";
      assert.deepEqual(parametersOf(translated), parametersOf(entry), `${language} ${key}`);
      for (const [catalogued, text] of [
        ["en", readingOf(key, entry)],
        [language, readingOf(key, translated)],
      ] as const) {
        for (const parameter of printed(key, parametersOf(entry) ?? [])) {
          assert.ok(
            text.join(" ").includes(parameter),
            `${catalogued} ${key} leaves out ${parameter}: ${text}`,
          );
        }
        assert.ok(
          text.every((line) => line.trim() === line && line !== ""),
          `${catalogued} ${key}`,
        );
        assert.doesNotMatch(text.join(" "), /undefined|\[object|NaN/, `${catalogued} ${key}`);
      }
    }
  }
});

test("nothing stays English in another language, and all of it is marked up alike", () => {
  const tags = (texts: readonly string[]) => new Set(texts.join().match(/<\/?\w+/g));
  for (const [language, catalogue] of Object.entries(others)) {
    const entries = new Map(entriesOf(catalogue));
    for (const [key, entry] of entriesOf(english)) {
      const [text, translated] = [readingOf(key, entry), readingOf(key, entries.get(key) ?? "")];
      for (const line of text) {
        assert.ok(sameEverywhere.has(line) || !translated.includes(line), `${language} ${key}: ${line}`);
      }
      assert.deepEqual(tags(translated), tags(text), `${language} ${key}`);
    }
  }
});

test("a command, a setting or a path that a sentence names stands in each language", () => {
  const names = (texts: readonly string[]) =>
    new Set(texts.join(" ").match(/\b[A-Z]+_[A-Z_]+\b|(?<= )\/\w+|\bgatehouse \w+\b|“[^”]+”|„[^“]+“/g));
  for (const catalogue of Object.values(others)) {
    const entries = new Map(entriesOf(catalogue));
    for (const [key, entry] of entriesOf(english)) {
      const translated = readingOf(key, entries.get(key) ?? "").join(" ");
      for (const name of names(readingOf(key, entry))) {
        assert.ok(translated.includes(name.replace(/[“”]/g, "")), `${key} leaves out ${name}`);
      }
    }
  }
});
