import { type Fault, quote } from "./config-errors.ts";
import { type Values, variables } from "./environment-variables.ts";

/** `serve` demands what production needs, `dev` refuses to be reachable from outside, `command` demands nothing. */
export type Mode = "serve" | "dev" | "command";

const credentials = ["OAUTH2_CLIENT_ID", "OAUTH2_CLIENT_SECRET"] as const;

/** What only shows when several variables are looked at together. */
export function contradictions(
  environment: Readonly<Record<string, string | undefined>>,
  values: Partial<Values>,
  mode: Mode,
): Fault[] {
  const faults: Fault[] = [];
  const { BASE_URL: base, PORT: port } = values;
  const baseGiven = Boolean(environment.BASE_URL?.trim());
  // One that is itself a fault counts as public, so that what production lacks is told in the same breath.
  const loopback = base?.loopback ?? !baseGiven;
  const missing = credentials.filter((name) => values[name] === undefined);
  const develops = missing.length === credentials.length && (mode === "dev" || loopback);
  if (mode !== "command" && !develops) {
    faults.push(
      ...missing.map((variable) => ({ variable, found: "nothing", expected: variables[variable].expected })),
    );
  }
  if (mode === "dev" && base?.loopback === false) {
    faults.push({
      variable: "BASE_URL",
      found: quote(base.issuer),
      expected: "a loopback URL such as http://localhost:8080; for any other there is gatehouse serve",
    });
  }
  if (mode !== "command" && values.SQL_URL?.kind === "postgres" && values.SECRET_KEY === undefined) {
    // A key file would be another one on each machine.
    faults.push({ variable: "SECRET_KEY", found: "nothing", expected: variables.SECRET_KEY.expected });
  }
  if (mode === "serve" && (values.WORKERS ?? 1) > 1) {
    if (values.SQL_URL?.kind === "sqlite" && values.SQL_URL.path === ":memory:") {
      faults.push({
        variable: "WORKERS",
        found: quote(String(values.WORKERS)),
        expected: "1 with a database in memory",
      });
    }
    if (develops) {
      faults.push({
        variable: "WORKERS",
        found: quote(String(values.WORKERS)),
        expected: "1 with the development sign-in",
      });
    }
  }
  if (mode !== "command" && port === 0 && !baseGiven) {
    faults.push({ variable: "BASE_URL", found: "nothing", expected: "a URL, because PORT is 0" });
  }
  return faults;
}
