import { withoutSecrets } from "../../oauth/harmless.ts";

/** What is known of a system that a report about it must not tell. */
export interface Private {
  /** Never shown, not even as placeholders. */
  readonly secrets: readonly string[];
  /** Names of computers, with or without a port. */
  readonly hosts: readonly string[];
  /** Names and accounts. */
  readonly people: readonly string[];
  /** What somebody called things: MCP servers, providers, organisations. */
  readonly names: readonly string[];
  readonly folders: readonly string[];
  readonly tokenPrefixes: readonly string[];
  /** What has dots and is no computer: settings, checks. */
  readonly words: readonly string[];
}

type Kind = "host" | "person" | "address" | "name" | "folder";

/** Shorter ones would be found within other words. */
const minLength = 3;
/** Endings that are a file's and no computer's. */
const fileEndings = /\.(?:ya?ml|md|db|key|json|pem|ts|js|sql|wal|shm|txt|log|new)$/i;

/** An IPv4 address, an IPv6 address, and one that holds the other. */
const anAddress =
  /(?<![\w:])::ffff:\d{1,3}(?:\.\d{1,3}){3}|(?<![\w:])(?:(?:[\da-f]{1,4}:){2,7}(?::?[\da-f]{1,4})*:?|::(?:[\da-f]{1,4}:?)+)(?![\w:])|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])/gi;

/** Ours and everybody's: tell nothing. */
const everywhere = new Set(["localhost", "127.0.0.1", "0.0.0.0", "::1", "[::1]"]);

/**
 * Makes a function that puts placeholders in the place of people, hosts and addresses, the same for the same
 * (`host-1`), and leaves secrets out. What is known is found wherever it stands; what only looks like a host,
 * an address or a person is replaced too.
 */
export function createPlaceholders(known: Private): (text: string) => string {
  const given = new Map<string, string>();
  const counts = new Map<Kind, number>();
  const words = new Set(known.words);
  const clean = withoutSecrets(known.tokenPrefixes);

  function placeholder(kind: Kind, text: string): string {
    const key = `${kind} ${text.toLowerCase()}`;
    const before = given.get(key);
    if (before !== undefined) return before;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
    const made = `${kind}-${count}`;
    given.set(key, made);
    return made;
  }

  const host = (text: string) => (everywhere.has(text.toLowerCase()) ? text : placeholder("host", text));
  const secrets = anyOf(known.secrets, "");
  const replacements: readonly (readonly [RegExp, (found: string) => string])[] = [
    [anyOf(known.folders, ""), (found) => placeholder("folder", found)],
    [/[^\s"'<>(),:;`/]+@[\w-]+(?:\.[\w-]+)+/g, (found) => placeholder("person", found)],
    [/(?<=\b[a-z][a-z+.-]*:\/\/)(?:\[[\da-f:.]+\]|[^\s/:?#"'<>`)]+)/gi, host],
    [anyOf(known.hosts, String.raw`\w`), host],
    [anyOf(known.people, String.raw`\w`), (found) => placeholder("person", found)],
    [anyOf(known.names, String.raw`\w`), (found) => placeholder("name", found)],
    // Of an instance: `web-1/4242`.
    [/(?<=`)[\w.-]+(?=\/\d+`)/g, host],
    [anAddress, addressOr],
    [
      /(?<![\w@/.-])(?:[a-z\d](?:[a-z\d-]*[a-z\d])?\.)+[a-z]{2,}(?![\w-])/gi,
      (found) => (words.has(found) || fileEndings.test(found) ? found : host(found)),
    ],
  ];

  function addressOr(found: string): string {
    return everywhere.has(found) ? found : placeholder("address", found);
  }

  return (text) => {
    let result = clean(text.replace(secrets, "[removed]"));
    for (const [pattern, replace] of replacements) result = result.replace(pattern, replace);
    return result;
  };
}

/** What never matches, where there is none. @param beside what must not stand on either side */
function anyOf(texts: readonly string[], beside: string): RegExp {
  const long = [...new Set(texts)].filter(
    (text) => text.length >= minLength && !everywhere.has(text.toLowerCase()),
  );
  if (long.length === 0) return /(?!)/g;
  const all = long
    .toSorted((one, other) => other.length - one.length)
    .map((text) => text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`))
    .join("|");
  return beside === "" ? new RegExp(all, "gi") : new RegExp(`(?<!${beside})(?:${all})(?!${beside})`, "gi");
}
