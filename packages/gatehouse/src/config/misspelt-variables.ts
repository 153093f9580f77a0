import type { ConfigProblem } from "./config-errors.ts";
import { edits } from "./edits.ts";

/*
 * Names in the environment that are almost one of ours. A variable nobody reads is harmless, except when
 * somebody believes that it is read: `ALLOWED_DOMAIN` would let the whole world in.
 */

const prefix = "GATEHOUSE_";

/** What MCP servers are given for the kit, often in one file of variables with what is ours. */
const ofTheKit = ["GATEHOUSE_CREDENTIAL"];

/**
 * What a cluster or a container's link sets for each service by the service's name, be it `gatehouse`, `demo`
 * or `sql`.
 */
const serviceLink = /_(?:SERVICE_(?:HOST|PORT(?:_.+)?)|PORT_\d+_(?:TCP|UDP|SCTP)(?:_(?:ADDR|PORT|PROTO))?)$/;
const linkedPort = /^(?:tcp|udp|sctp):\/\//;

/** Whether a variable was set by a cluster that has a service of such a name, and so says nothing to us. */
export function isServiceLink(name: string, value: string): boolean {
  return serviceLink.test(name) || (name.endsWith("_PORT") && linkedPort.test(value));
}

/**
 * The variables that are not ours but nearly: another case, an underscore too many or too few, `GATEHOUSE_`
 * before it, a letter or two wrong, singular for plural; and all that begin with `GATEHOUSE_`, whoever they
 * are near. Others' names are left alone, and so is what is empty.
 *
 * @param known all names of ours
 */
export function misspeltVariables(
  environment: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): ConfigProblem[] {
  const errors: ConfigProblem[] = [];
  for (const [name, value = ""] of Object.entries(environment)) {
    if (value.trim() === "" || known.includes(name) || ofTheKit.includes(name)) continue;
    if (isServiceLink(name, value)) continue;
    const meant = nearest(name, known);
    // Where case does not matter (Windows) the right one has been read already.
    if (meant !== undefined && meant === name.toUpperCase() && environment[meant] === value) continue;
    if (meant === undefined && !name.toUpperCase().startsWith(prefix)) continue;
    const expected =
      meant === undefined
        ? `a name of ours, without ${prefix} before it but in ${prefix}CONFIG (gatehouse serve --help has all).`
        : `${meant}: did you mean that?`;
    errors.push({
      variable: name,
      found: "a name that nothing reads",
      expected: `${expected} Correct the name, or remove the variable`,
    });
  }
  return errors;
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const written = name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, "_");
  const candidates = written.startsWith(prefix) ? [written, written.slice(prefix.length)] : [written];
  const distances = known.map((right) => {
    return { right, distance: Math.min(...candidates.map((candidate) => distanceTo(right, candidate))) };
  });
  return distances.filter(({ distance }) => distance < far).sort((a, b) => a.distance - b.distance)[0]?.right;
}

const far = Number.POSITIVE_INFINITY;

/**
 * How many letters are wrong, word by word; {@link far} when so many that it is another name. Word by word,
 * because another word makes another name however short it is: `S3_SECRET_KEY`, `MYSQL_URL`. Of a short name
 * every letter must be right.
 */
function distanceTo(right: string, written: string): number {
  const letters = right.replaceAll("_", "");
  if (written.replaceAll("_", "") === letters) return 0;
  const limit = letters.length < 6 ? 0 : letters.length < 9 ? 1 : 2;
  if (limit === 0) return far;
  const rightWords = right.split("_").map(singular);
  const words = written.split("_").map(singular);
  if (singular(words.join("")) === singular(rightWords.join(""))) return 0;
  if (words.length !== rightWords.length) return far;
  let sum = 0;
  for (const [at, word] of rightWords.entries()) {
    const distance = edits(word, words[at] ?? "");
    if (distance > (word.length < 7 ? 1 : 2)) return far;
    sum += distance;
  }
  return sum <= limit ? sum : far;
}

/** `PROXIES` and `PROXY`, `DOMAINS` and `DOMAIN` alike. */
function singular(word: string): string {
  return word.replace(/IES$/, "Y").replace(/S$/, "");
}
