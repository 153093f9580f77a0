// What an MCP server in JavaScript would run of each line: one JSON array of [kind, name] a line.

import { posix } from "node:path";
import { createInterface } from "node:readline";

const text = (value) => (typeof value === "string" ? value : undefined);

/** Names as a server reads them that cares little for spelling. */
function readings(kind, name) {
  if (kind !== "resource") {
    return [
      name,
      name
        .normalize("NFKC")
        .replace(/[\p{Cf}\p{Cc}]/gu, "")
        .trim()
        .toLowerCase(),
    ];
  }
  const all = [name];
  try {
    all.push(new URL(name).href);
    all.push(posix.normalize(decodeURIComponent(name)), decodeURI(name));
    all.push(posix.normalize(name.replace(/^\w+:\/\//, "")).replace(/^/, "notes://"));
  } catch {}
  return all;
}

function run(message) {
  const ran = [];
  if (typeof message !== "object" || message === null) return ran;
  const { method } = message;
  // As libraries do that merge defaults with what was sent.
  const params = Object.assign({}, message.params);
  const add = (kind, name) => {
    if (text(name) !== undefined) for (const reading of readings(kind, name)) ran.push([kind, reading]);
  };
  switch (typeof method === "string" ? method.trim().toLowerCase() : "") {
    case "tools/call":
      add("tool", params.name);
      break;
    case "prompts/get":
      add("prompt", params.name);
      break;
    case "resources/read":
    case "resources/subscribe":
      add("resource", params.uri);
      break;
    case "completion/complete":
      if (params.ref?.type === "ref/prompt") add("prompt", params.ref.name);
      else add("resource", params.ref?.uri);
      break;
    case "subscriptions/listen": {
      const { resourceSubscriptions } = params.notifications ?? {};
      if (Array.isArray(resourceSubscriptions)) for (const uri of resourceSubscriptions) add("resource", uri);
    }
  }
  return ran;
}

for await (const line of createInterface({ input: process.stdin })) {
  let ran = [];
  try {
    const sent = JSON.parse(line);
    ran = (Array.isArray(sent) ? sent : [sent]).flatMap(run);
  } catch {}
  console.log(JSON.stringify(ran));
}
