import { readBoundedFile } from "./bounded-file.ts";

export interface LogoFile {
  readonly type: "image/png" | "image/webp" | "image/svg+xml";
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const maxBytes = 256 * 1024;

/**
 * The picture in a file, as what it is by its first bytes, whatever its name says.
 * @returns undefined where it cannot be read, is too large, or is none
 */
export function readLogo(path: string): LogoFile | undefined {
  const content = readBoundedFile(path, maxBytes);
  if ("problem" in content) return undefined;
  const type = typeOf(content.bytes);
  return type && { type, bytes: new Uint8Array(content.bytes) };
}

function typeOf(bytes: Buffer): LogoFile["type"] | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from("89504e470d0a1a0a", "hex"))) return "image/png";
  const start = bytes.subarray(0, 12).toString("latin1");
  if (start.startsWith("RIFF") && start.endsWith("WEBP")) return "image/webp";
  const text = bytes.subarray(0, 1024).toString("utf8");
  return svgStart.test(text) ? "image/svg+xml" : undefined;
}

const svgStart = /^\uFEFF?\s*(?:<\?xml[^>]*>\s*)?(?:<!--[\s\S]*?-->\s*|<!DOCTYPE[^>[]*>\s*)*<svg[\s>]/i;
