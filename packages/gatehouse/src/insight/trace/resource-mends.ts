import type { TraceStep } from "../../oauth/trace-step.ts";
import { isPlainWord } from "./plain-word.ts";

/* What to do about an app that asks for an MCP server which is not registered here. */

export function mendForResource({ received = "", expected = "", facts }: TraceStep): string {
  const { nearest, "nearest declared at": place, why = "" } = facts ?? {};
  if (!why.startsWith("unknown resource"))
    return `The app has to ask for ${expected === "" ? "one of the MCP servers of gatehouse resources list" : expected}, to the letter: its developer, or the address that was typed into it.`;
  const address = isPlainWord(received) ? received : "<the received address>";
  const add = `gatehouse resources add ${address} with its --name and --scope`;
  if (nearest === undefined)
    return `If the received address is that of an MCP server of yours, it is not registered: ${add}, put the credential that it prints into that server, and restart that one. Else a wrong address was typed into the app, or that server names itself wrongly (its own resource): gatehouse resources list shows what is registered.`;
  const difference = `The received address differs from the registered ${nearest} by ${differenceOf(received, nearest)}: one of the two is wrong, and the app asks for what the MCP server calls itself`;
  const registered =
    place === undefined
      ? `${add} again, put the credential that it prints into that server, restart that one, and gatehouse resources remove ${nearest} (the misspelt one)`
      : `correct it at ${place} and have the file read again (SIGHUP)`;
  return `${difference}. If the received one is that server's own address, the registered one is misspelt: ${registered}. If the registered one is right, correct the resource in that server's own settings, and restart it.`;
}

/** In what two addresses that are nearly the same are not. */
function differenceOf(one: string, other: string): string {
  if (one === `${other}/` || other === `${one}/`) return "a slash at the end";
  if (one.toLowerCase() === other.toLowerCase()) return "upper and lower case";
  if (areSwapped(one, other)) return "two swapped letters";
  if (!URL.canParse(one) || !URL.canParse(other)) return "a few letters";
  const [left, right] = [new URL(one), new URL(other)];
  const differing = (["protocol", "hostname", "port", "pathname", "search"] as const).filter(
    (part) => left[part] !== right[part],
  );
  const parts = { protocol: "http or https", hostname: "the host", port: "the port", pathname: "the path" };
  return differing.map((part) => (part === "search" ? "the query" : parts[part])).join(" and ");
}

function areSwapped(one: string, other: string): boolean {
  if (one.length !== other.length) return false;
  const at = [...one].findIndex((letter, index) => letter !== other[index]);
  const swapped = `${one.slice(0, at)}${one[at + 1] ?? ""}${one[at] ?? ""}${one.slice(at + 2)}`;
  return at >= 0 && swapped === other;
}
