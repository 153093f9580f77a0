import { byOperator } from "../../oauth/clients/client.ts";
import { portless } from "../../oauth/redirects/redirect-uri.ts";
import type { TraceStep } from "../../oauth/trace-step.ts";
import { isPlainWord } from "./plain-word.ts";

/* What to do about an app's request, which depends on who set the app up. */

/** What nearly every app needs that registers itself. */
export const registerAnew = "remove the MCP server in the app and add it again, so that it registers anew";

/** As {@link commandFor} gives them; longer lists are for whoever reads `gatehouse clients list`. */
const maxListed = 4;

export function mendForRedirect({ client, expected = "", received = "", facts }: TraceStep): string {
  const known = facts?.["known by"];
  const asked = received === "" ? "the received address" : received;
  const isOwn = `Only if ${asked} is the app's own address`;
  if (known === byOperator) {
    const rest =
      "(--redirect-uri replaces all addresses there were, so give each that stays once more; of a loopback address, 127.0.0.1 or localhost, any port is good, so it goes without).";
    return `It is a client of yours, and the person cannot mend it. ${isOwn}: ${commandFor(client, expected, received)} ${rest} No restart.`;
  }
  if (known?.startsWith("declared at ")) {
    const place = known.slice("declared at ".length);
    return `It is a client of yours, and the person cannot mend it. ${isOwn}: add it to redirect_uris, ${place}, a loopback address without its port, and have the file read again (SIGHUP). No restart.`;
  }
  if (known !== undefined && /^https?:/.test(client ?? ""))
    return "The app's metadata document does not have the received address: its publisher has to add it. Nothing is to be set here.";
  if (known !== undefined)
    return `The app registers itself: ${registerAnew}. Nothing is to be set here: adding the address for it is the app's own business.`;
  return `Compare both addresses above. Of an app that registers itself: ${registerAnew}. Of a client of yours: gatehouse clients set <id> --redirect-uri <address>, which replaces all that there were: give each that stays as well.`;
}

/** The command with all addresses that are to hold, where a shell takes them as they are. */
function commandFor(client: string | undefined, expected: string, received: string): string {
  const listed = expected.startsWith("none") ? [] : expected.split(" or ");
  const all = portless([...listed, received]);
  const isTold = [client ?? "", ...all].every(isPlainWord) && all.length <= maxListed;
  const addresses = isTold ? all : ["<each that stays>", "<the received one>"];
  const id = isPlainWord(client ?? "") ? client : "<id>";
  return `gatehouse clients set ${id} ${addresses.map((uri) => `--redirect-uri ${uri}`).join(" ")}`;
}

export function mendForUnknownClient({ received, client, facts }: TraceStep): string {
  const id = client ?? received ?? "";
  const isUnknown = facts?.why === "unknown client_id";
  if (isUnknown && id.startsWith("dyn_"))
    return `The app registers itself: ${registerAnew}; its page says how in the app at hand. Nothing is to be set here. Registrations that nobody uses for CLIENT_IDLE_TTL are forgotten. If it happens to every app, this is another database than before: a new one, or an old copy (SQL_URL; restart this server after a change).`;
  if (isUnknown && !/^https?:/.test(id))
    return "It is an id of your own giving, and no client has it: compare it with gatehouse clients list; gatehouse clients add, or clients: in gatehouse.yaml (read again on SIGHUP), makes it known. If all are gone, this is another database than before.";
  return `This server does not know the app, or the app could not prove who it is. If it registers itself: ${registerAnew}. A client of yours: compare its id and secret, gatehouse clients list.`;
}
