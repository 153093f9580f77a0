import { availableParallelism } from "node:os";
import ipaddr from "ipaddr.js";
import { z } from "zod";
import type { Budget } from "../oauth/budgets.ts";
import { canonicalHost, isIpLiteral, isLoopbackUrl } from "../oauth/host.ts";
import { canonicalResource } from "../oauth/resource.ts";
import {
  clientSecretPrefix,
  codePrefix,
  invitationPrefix,
  registrationTokenPrefix,
  resourceCredentialPrefix,
} from "../oauth/tokens/prefixes.ts";
import { type Seconds, seconds } from "../oauth/values.ts";

/*
 * From the text of a setting, wherever it stands, to its value.
 */

export type Parser<T> = z.ZodType<T, string>;

/** A parser from a function that gives `undefined` for what it does not accept. */
export function parsed<T>(parse: (text: string) => T | undefined): Parser<T> {
  return z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.issues.push({ code: "custom", input: text });
    return z.NEVER;
  });
}

const list = (text: string) => text.split(",").map((entry) => entry.trim());

/** Https, or http on this computer; without user information, query and fragment. */
export function safeUrl(text: string): URL | undefined {
  if (!/^https?:\/\/[^\s?#@\\]+$/i.test(text) || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" || isLoopbackUrl(url) ? url : undefined;
}

export const port = (least: number) =>
  z
    .string()
    .regex(/^\d{1,5}$/)
    .transform(Number)
    .refine((number) => number >= least && number <= 65535);

const unitLength: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `3600` or `3600s`, `15m`, `1h`, `7d` in seconds; NaN for anything else. */
function length(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,9})([smhd]?)$/.exec(text) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (unitLength[unit] ?? 1);
}

/** A duration as every variable and option takes it, in seconds; `undefined` when it is none. */
export function parseDuration(text: string): Seconds | undefined {
  const found = length(text);
  return Number.isNaN(found) ? undefined : seconds(found);
}

export const duration = (least: string, most: string) =>
  parsed((text) =>
    length(text) >= length(least) && length(text) <= length(most) ? seconds(length(text)) : undefined,
  );

/** `600/1m`: so often in such a time; `off`: as often as they like. */
export function budget(text: string): Budget | "off" | undefined {
  if (text === "off") return text;
  const [, count = "", time = ""] = /^(\d{1,6})\/(\d{1,4}[smh])$/.exec(text) ?? [];
  const found = { count: Number(count), seconds: length(time) };
  return found.count >= 1 && found.seconds >= 1 && found.seconds <= 86_400 ? found : undefined;
}

const byteUnits: Record<string, number> = { kb: 1e3, mb: 1e6, gb: 1e9 };

/** `500 kB`, `100 MB`, `1GB` in bytes; NaN for anything else. */
function bytesOf(text: string): number {
  const [, digits = "", unit = ""] = /^(\d{1,6}) ?(kB|MB|GB)$/i.exec(text) ?? [];
  return digits === "" ? Number.NaN : Number(digits) * (byteUnits[unit.toLowerCase()] ?? 1);
}

/** A size, in bytes. */
export const byteSize = (least: string, most: string) =>
  parsed((text) =>
    bytesOf(text) >= bytesOf(least) && bytesOf(text) <= bytesOf(most) ? bytesOf(text) : undefined,
  );

export function workers(text: string): number | undefined {
  if (text === "auto") return availableParallelism();
  const count = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  return count >= 1 && count <= 256 ? count : undefined;
}

export const otherPrefixes = [
  "gatehouse_rt_",
  codePrefix,
  clientSecretPrefix,
  resourceCredentialPrefix,
  registrationTokenPrefix,
  invitationPrefix,
];

export function tokenPrefixes(text: string): readonly [string, ...string[]] | undefined {
  const prefixes = list(text);
  const distinct = prefixes.every(
    (prefix) =>
      /^[A-Za-z0-9._-]{1,64}$/.test(prefix) &&
      // T08: one of another kind must never look like one of these.
      !otherPrefixes.some((other) => other.startsWith(prefix) || prefix.startsWith(other)),
  );
  return distinct ? nonEmpty(prefixes) : undefined;
}

function nonEmpty<T>(values: readonly T[]): readonly [T, ...T[]] | undefined {
  const [first, ...rest] = values;
  return first === undefined ? undefined : [first, ...rest];
}

export function proxies(text: string): string[] | undefined {
  const entries = list(text);
  const valid = (entry: string) =>
    entry === "loopback" || ipaddr.isValidCIDR(entry) || (/[.:]/.test(entry) && ipaddr.isValid(entry));
  return entries.every(valid) ? entries : undefined;
}

export function database(
  text: string,
): { kind: "sqlite"; path: string } | { kind: "postgres"; url: string } | undefined {
  const path = /^sqlite:(?:\/\/(?=\/))?(?!\/\/)(.+)$/.exec(text)?.[1];
  if (path !== undefined) return { kind: "sqlite", path };
  const [, rest] = /^(?:postgres(?:ql)?|cockroachdb):\/\/([^\s]+)$/.exec(text) ?? [];
  // The driver knows one name for all of them.
  return rest !== undefined && URL.canParse(text)
    ? { kind: "postgres", url: `postgres://${rest}` }
    : undefined;
}

/** Where metrics are told: an address and a port, or nowhere. */
export function metricsAddress(
  text: string,
): { readonly host: string; readonly port: number } | "off" | undefined {
  if (text === "off") return "off";
  const [, host = "", digits = ""] = /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/.exec(text) ?? [];
  if (host === "" || Number(digits) > 65535) return undefined;
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(digits) };
}

/** The URL of a mail server, with its path and query left out: they mean nothing. */
export function mailServer(text: string): string | undefined {
  if (!/^smtps?:\/\/[^\s/?#]+\/?$/.test(text) || !URL.canParse(text)) return undefined;
  const { username, password } = new URL(text);
  try {
    decodeURIComponent(username + password);
  } catch {
    return undefined;
  }
  return text;
}

/** Where syslog is taken: by TCP, or by TLS, whose usual ports are 601 and 6514 (RFC 3195, RFC 5425). */
export function syslogServer(
  text: string,
): { readonly isTls: boolean; readonly host: string; readonly port: number } | undefined {
  const [, scheme, bracketed, plain, port] =
    /^(tcp|tls):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?\/?$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === undefined) return undefined;
  const isTls = scheme === "tls";
  const number = port === undefined ? (isTls ? 6514 : 601) : Number(port);
  return number >= 1 && number <= 65_535 ? { isTls, host, port: number } : undefined;
}

export function domains(text: string): string[] | undefined {
  const entries = list(text);
  const names = entries
    .map(canonicalHost)
    .filter((name) => name !== undefined)
    .filter((name) => /^(?:[a-z0-9-]+\.)+[a-z0-9-]+$/.test(name) && !isIpLiteral(name));
  return names.length === entries.length ? names : undefined;
}

export function resource(text: string) {
  try {
    return canonicalResource(text);
  } catch {
    return undefined;
  }
}
