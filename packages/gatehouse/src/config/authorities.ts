import { X509Certificate } from "node:crypto";
import { readBoundedFile } from "./bounded-file.ts";

const maxBytes = 1024 * 1024;

/**
 * The certificates in a file, each as PEM.
 * @returns undefined where it cannot be read, or holds none, or one that is damaged
 */
export function readAuthorities(path: string): readonly string[] | undefined {
  const content = readBoundedFile(path, maxBytes);
  if ("problem" in content) return undefined;
  const found = content.bytes
    .toString("latin1")
    .match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g);
  try {
    return found?.map((pem) => new X509Certificate(pem).toString());
  } catch {
    return undefined; // what is no certificate
  }
}
