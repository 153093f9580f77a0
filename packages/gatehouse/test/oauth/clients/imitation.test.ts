import assert from "node:assert/strict";
import { test } from "node:test";
import { clientClaimedBy, domainImitatedBy } from "../../../src/oauth/clients/imitation.ts";

test("a name that reads like a known client's is taken for a claim to be it, in whatever letters", () => {
  for (const [name, known] of [
    ["Claude Code", "Claude Code"],
    ["claude-code (verified)", "Claude Code"],
    ["ClaudeCode", "Claude Code"],
    ["Claude", "Claude"],
    ["Anthropic Connector", "Claude"],
    ["\u0421laude", "Claude"], // Cyrillic С
    ["CIaude", "Claude"], // capital i
    ["c1aude", "Claude"],
    ["Clau\u200Bde", "Claude"],
    ["Cl\u0430ud\u0435", "Claude"],
    ["\uFF23\uFF2C\uFF21\uFF35\uFF24\uFF25", "Claude"], // full width
    ["C\u0301l\u0301aude", "Claude"],
    ["ChatGPT", "ChatGPT"],
    ["Chat GPT for work", "ChatGPT"],
    ["OpenAI", "ChatGPT"],
    ["Codex", "Codex"],
    ["\u0421odex", "Codex"],
    ["Visual Studio Code", "Visual Studio Code"],
    ["VSCode", "Visual Studio Code"],
    ["Cursor", "Cursor"],
    ["Gemini CLI", "Gemini CLI"],
    ["Gernini CLI", "Gemini CLI"],
    ["OpenCode", "OpenCode"],
  ] as const) {
    assert.equal(clientClaimedBy(name)?.name, known, name);
  }
});

test("an honest name is taken for nothing", () => {
  for (const name of [
    "Notebook",
    "Precursor",
    "Codexis",
    "Code",
    "Open Table",
    "Gemini",
    "Studio",
    "Клод",
    "",
  ]) {
    assert.equal(clientClaimedBy(name), undefined, name);
  }
});

test("a host that looks like a known client's is noticed", () => {
  for (const [host, domain] of [
    ["claude.ai.evil.example", "claude.ai"],
    ["claude-ai.example", "claude.ai"],
    ["login.claude.example", "claude.ai"],
    ["claude.ai.", "claude.ai"],
    ["cluade.ai", "claude.ai"],
    ["claud.ai", "claude.ai"],
    ["claudee.ai", "claude.ai"],
    ["clauda.ai", "claude.ai"],
    ["c1aude.ai", "claude.ai"],
    ["chatgpt-connector.example", "chatgpt.com"],
    ["chatgqt.com", "chatgpt.com"],
    ["open-ai.example", "chatgpt.com"],
    ["vscode.dev.evil.example", "vscode.dev"],
    ["vs-code.example", "vscode.dev"],
    ["rnicrosoft.example", "microsoft.com"],
    ["cursor.example", "cursor.com"],
    ["opencode.example", "opencode.ai"],
  ] as const) {
    assert.equal(domainImitatedBy(host), domain, host);
  }
});

test("a known client's own hosts, and honest ones, are not", () => {
  for (const host of [
    "claude.ai",
    "claude.com",
    "console.anthropic.com",
    "chatgpt.com",
    "insiders.vscode.dev",
    "login.microsoft.com",
    "app.example.com",
    "site.example.net",
    "cloud.example",
    "claus.example",
    "precursor.example",
    "code.example",
  ]) {
    assert.equal(domainImitatedBy(host), undefined, host);
  }
});
