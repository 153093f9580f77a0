import { MetricsAddressError } from "../start/metrics.ts";
import { Refusal } from "./refusal.ts";

/** Where something was to listen, and the variables that say so. */
export interface ListenPlace {
  readonly port: number;
  readonly portVariable: "PORT" | "DEMO_PORT";
  /** Undefined where nobody can choose it. */
  readonly host?: string;
}

/**
 * Turns node's errors about an address that cannot be had into a sentence with the variable that chooses
 * another; any other error stays as it is.
 */
export function explainListenError(error: unknown, { port, portVariable, host }: ListenPlace): unknown {
  if (error instanceof MetricsAddressError) return new Refusal(1, error.message);
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return error;
  const { code, syscall } = error;
  if (syscall !== "listen" && syscall !== "bind" && syscall !== "getaddrinfo") return error;
  if (code === "EADDRINUSE") {
    return new Refusal(
      1,
      `port ${port} is taken by another program; choose another one with ${portVariable}`,
    );
  }
  if (code === "EACCES" && port < 1024) {
    return new Refusal(
      1,
      `port ${port} may not be opened by this account, because it is below 1024; choose another one with ${portVariable}`,
    );
  }
  if (host === undefined) return error;
  if (syscall === "getaddrinfo") {
    return new Refusal(
      1,
      `HOST: no address is known of ${host} (${code}); set it to an IP address of this computer`,
    );
  }
  if (code === "EADDRNOTAVAIL") {
    return new Refusal(1, `HOST: ${host} is no address of this computer; set it to one that is`);
  }
  return new Refusal(1, `HOST: it is not possible to listen on ${host}, port ${port} (${code})`);
}
