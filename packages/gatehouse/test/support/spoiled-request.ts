import { type KeyObject, sign } from "node:crypto";
import type { Generator } from "./generated-values.ts";
import type { RawRequest } from "./raw-exchange.ts";
import type { Template } from "./request-templates.ts";

/**
 * Headers that somebody reads, or might. Those that say where the body ends are tested elsewhere: a wrong one
 * has the server wait.
 */
const headerNames = [
  ...["Authorization", "Cookie", "Origin", "Sec-Fetch-Site", "User-Agent", "Accept", "Content-Type", "Host"],
  ...["Content-Encoding", "X-Forwarded-For", "X-Forwarded-Proto", "Forwarded", "Expect", "TE", "Range"],
  ...[
    "If-None-Match",
    "Upgrade",
    "HTTP2-Settings",
    "Accept-Language",
    "Referer",
    "X-HTTP-Method-Override",
    "DPoP",
  ],
];
const cookieNames = [
  "gatehouse-session",
  "gatehouse-attempt-x",
  "__Host-gatehouse-session",
  "s",
  "__proto__",
];
const schemes = ["Bearer ", "Basic ", "bearer  ", "DPoP ", "Negotiate ", ""];
const mediaTypes = [
  ...[
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/form-data; boundary=x",
  ],
  ...["application/json, application/x-www-form-urlencoded", ";", ""],
];
const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "PROPFIND"];

type Pairs = [name: string, value: string][];

/** The request of a template with one thing in it spoiled, or several. */
export function spoil(template: Template, generator: Generator): { about: string; request: RawRequest } {
  const { integer, pick, encoded } = generator;
  const spoiled: string[] = [];
  /** Whether this part is the one that is spoiled: one of three. */
  const here = (part: string) => integer(3) === 0 && spoiled.push(part) > 0;

  function pairsOf(values: Readonly<Record<string, string>>, part: string): Pairs {
    const pairs: Pairs = Object.entries(values).map(([name, value]) => [name, encodeURIComponent(value)]);
    if (!here(part)) return pairs;
    const at = integer(pairs.length + 1);
    const pair = pairs[at] ?? ["", ""];
    const [name, value] = pair;
    pairs[at] = pick<[string, string]>([
      [name, encoded()],
      [name, encoded()],
      [name, value + encoded()],
      [name, encoded() + value],
      [encoded(), value],
    ]);
    if (integer(8) === 0) pairs.push([name, pick([value, encoded(), ""])]);
    spoiled.push(name);
    return pairs;
  }

  function headersOf(): Pairs {
    const headers: Pairs = [];
    for (const [name, value] of Object.entries({ host: "localhost", ...template.headers }))
      headers.push([name, value]);
    if (!here("headers")) return headers;
    const name = pick(headerNames);
    spoiled.push(name);
    const others = headers.filter(([other]) => other.toLowerCase() !== name.toLowerCase());
    const [, value = ""] = headers.find(([other]) => other.toLowerCase() === name.toLowerCase()) ?? [];
    return [...others, [name, spoiledHeader(name, value)]];
  }

  function spoiledHeader(name: string, value: string): string {
    const junk = asHeader(pick([encoded(), generator.text()]));
    switch (name) {
      case "Cookie":
        return pick([
          `${value}; ${pick(cookieNames)}=${junk}`,
          `${pick(cookieNames)}=${junk}; ${value}`,
          value.replace(/=[^;]*/g, () => `=${junk}`),
          Array.from({ length: 300 }, (_, at) => `c${at}=${junk.slice(0, 20)}`).join("; "),
          junk,
        ]);
      case "Authorization":
        return (
          pick(schemes) +
          pick([
            junk,
            Buffer.from(junk).toString("base64"),
            Buffer.from(`${junk}:${junk}`).toString("base64"),
          ])
        );
      case "Content-Type":
        return pick([...mediaTypes, junk]);
      case "X-Forwarded-For":
        return pick([junk, `${junk}, 1.2.3.4`, "::ffff:1.2.3.4", "[::1]:x", ",,,,"]);
      default:
        return pick([junk, junk, value + junk]);
    }
  }

  const jsonOf = (object: Readonly<Record<string, unknown>>, part: string) =>
    here(part) ? spoiledJson(object, generator, spoiled) : JSON.stringify(object);

  function assertionOf({ key, header, claims }: NonNullable<Template["assertion"]>): string {
    const made = signed(key, jsonOf(header, "header of the JWT"), jsonOf(claims, "claims"));
    return here("JWT")
      ? pick([made.slice(0, -1), made.replace(".", ".."), `${made}.`, `${made}=`, made.slice(5)])
      : made;
  }

  const { document, publish } = template;
  if (document !== undefined) publish?.(document.path, bytesOf(jsonOf(document.content, "document")));
  const query = pairsOf(template.query ?? {}, "query");
  const form = template.form && pairsOf(template.form, "form");
  if (template.assertion !== undefined) form?.push(["client_assertion", assertionOf(template.assertion)]);
  const json = template.json && jsonOf(template.json, "body");
  const body = json === undefined ? form && asUrlEncoded(form) : bytesOf(json);
  const headers = headersOf();
  const has = (name: string) => headers.some(([other]) => other.toLowerCase() === name);
  if (body !== undefined && !has("content-type")) {
    headers.push(["content-type", mediaTypes[json === undefined ? 1 : 0] as string]);
  }
  if (body !== undefined) headers.push(["content-length", `${body.length}`]);
  headers.push(["connection", "close"]);
  const asked = asUrlEncoded(query).replace(/[\0-\x20\x7f]/g, "+");
  return {
    about: `${template.about}: ${spoiled.join(", ")}`,
    request: {
      method: integer(20) === 0 ? pick(methods) : template.method,
      target: template.path + (asked === "" ? "" : `?${asked}`),
      headers,
      body: body ?? "",
    },
  };
}

function spoiledJson(
  object: Readonly<Record<string, unknown>>,
  generator: Generator,
  spoiled: string[],
): string {
  const { integer, pick, json, text } = generator;
  const good = JSON.stringify(object);
  switch (integer(8)) {
    case 0:
      return json();
    case 1:
      return good.slice(0, integer(good.length));
    case 2: {
      const at = integer(good.length);
      return (
        good.slice(0, at) +
        pick(['"', "\\", "\0", "\xff", "{", "\\u0000", "\\ud800", ","]) +
        good.slice(at + integer(2))
      );
    }
    case 3: {
      // Some value, however deep inside.
      const values = [...good.matchAll(/(?<=[:[,])"[^"]*"(?=[,\]}])/g)].map(
        (match) => [match.index, match[0]] as const,
      );
      const [index, value] = pick([...values, [1, ""] as const]);
      return good.slice(0, index) + json() + good.slice(index + value.length);
    }
    default: {
      const members = Object.entries(object).filter(([, value]) => value !== undefined);
      const raw: Pairs = members.map(([name, value]) => [JSON.stringify(name), JSON.stringify(value)]);
      const at = integer(raw.length + 1);
      const [name = JSON.stringify(text()), value = "1"] = raw[at] ?? [];
      raw[at] = pick<[string, string]>([
        [name, json()],
        [name, json()],
        [name, JSON.stringify(text())],
        [name, `[${json()}]`],
        [JSON.stringify(text()), value],
      ]);
      if (integer(8) === 0) raw.push([name, json()]);
      spoiled.push(name);
      return `{${raw.map((pair) => pair.join(":")).join()}}`;
    }
  }
}

function signed(key: KeyObject, header: string, claims: string): string {
  const input = [header, claims].map((part) => Buffer.from(part, "utf8").toString("base64url")).join(".");
  const signature = sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" });
  return `${input}.${signature.toString("base64url")}`;
}

function asUrlEncoded(pairs: Pairs): string {
  return pairs.map((pair) => pair.join("=")).join("&");
}

/** UTF-8, one character a byte. */
function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

/** What a header can hold at all: with other bytes the parser ends the request before anybody reads it. */
function asHeader(text: string): string {
  return [...bytesOf(text)].filter(isHeaderByte).join("").trim();
}

function isHeaderByte(byte: string): boolean {
  return (byte >= " " && byte !== "\x7f") || byte === "\t";
}
