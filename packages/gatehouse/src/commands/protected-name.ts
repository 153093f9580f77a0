import { basename } from "node:path";

/** Programs that run others, which are what the name should tell. */
const runners = /^(?:npx|bunx|uvx|pipx|node|bun|deno|python[\d.]*|uv|docker|podman|sh|bash|npm|pnpm|yarn)$/;
const verbs = new Set(["run", "exec", "dlx", "-m"]);

/** A short name for a server of which only the URL or the command is known. */
export function nameFor(behind: readonly string[], isUrl: boolean): string {
  return shorten(isUrl ? ofUrl(behind[0] ?? "") : ofCommand(behind)) || "mcp";
}

function ofUrl(text: string): string {
  const host = URL.canParse(text) ? new URL(text).hostname : "";
  const isName = /[a-z]/i.test(host) && !host.includes(":") && !/(?:^|\.)localhost$/.test(host);
  return isName ? (host.split(".")[0] ?? "") : "";
}

function ofCommand([program = "", ...args]: readonly string[]): string {
  if (!runners.test(basename(program))) return basename(program);
  const run = args.find((argument) => !argument.startsWith("-") && !verbs.has(argument));
  return basename((run ?? "").replace(/(?<=.)@[^/@]*$/, ""));
}

function shorten(text: string): string {
  const plain = text.toLowerCase().replace(/\.(?:[cm]?[jt]s|py|sh|exe)$/, "");
  return plain
    .replace(/[^a-z0-9]+/g, "-")
    .slice(0, 32)
    .replace(/^-+|-+$/g, "");
}
