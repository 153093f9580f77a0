import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { Config } from "../config/config.ts";

let trusted: readonly string[] = [];

/**
 * `CA_FILE`: from now on certificates of these authorities are taken as well as those of the public ones:
 * from identity providers, for clients' documents, from the database (whose URL may name its own instead).
 * @throws Error on a Node that cannot do it
 */
export function trustAuthorities({ authorities }: Pick<Config, "authorities">): void {
  const more = authorities.filter((pem) => !trusted.includes(pem));
  if (more.length === 0) return;
  if (setDefaultCACertificates === undefined) {
    throw new Error(`CA_FILE needs Node.js 24.5 or newer; this is ${process.version}`);
  }
  setDefaultCACertificates([...getCACertificates("default"), ...more]);
  trusted = [...trusted, ...more];
}
