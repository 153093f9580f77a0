import type { McpClient } from "./client.ts";
import { client as chatgpt } from "./clients/chatgpt.ts";
import { client as chatgptOlder } from "./clients/chatgpt-older.ts";
import { client as claudeAi } from "./clients/claude-ai.ts";
import { client as claudeAiDocument } from "./clients/claude-ai-document.ts";
import { client as claudeAiGivenSecret } from "./clients/claude-ai-given-secret.ts";
import { client as claudeAiPublic } from "./clients/claude-ai-public.ts";
import { client as claudeCode } from "./clients/claude-code.ts";
import { client as claudeCodeDesktop } from "./clients/claude-code-desktop.ts";
import { client as claudeCodeDocument } from "./clients/claude-code-document.ts";
import { client as claudeCodeOlder } from "./clients/claude-code-older.ts";
import { client as codex } from "./clients/codex.ts";
import { client as codexDocument } from "./clients/codex-document.ts";
import { client as codexDocumentPerServer } from "./clients/codex-document-per-server.ts";
import { client as codexOlder } from "./clients/codex-older.ts";
import { client as conformanceSuite } from "./clients/conformance-suite.ts";
import { client as copilotCli } from "./clients/copilot-cli.ts";
import { client as cursor } from "./clients/cursor.ts";
import { client as geminiCli } from "./clients/gemini-cli.ts";
import { client as mcpInspector } from "./clients/mcp-inspector.ts";
import { client as mcpInspector2 } from "./clients/mcp-inspector-2.ts";
import { client as mcpRemote } from "./clients/mcp-remote.ts";
import { client as mcpc } from "./clients/mcpc.ts";
import { client as opencode } from "./clients/opencode.ts";
import { client as opencodeDocument } from "./clients/opencode-document.ts";
import { client as typescriptSdkV1 } from "./clients/typescript-sdk-v1.ts";
import { client as typescriptSdkV2 } from "./clients/typescript-sdk-v2.ts";
import { client as typescriptSdkV2WithSecret } from "./clients/typescript-sdk-v2-with-secret.ts";
import { client as vscode } from "./clients/vscode.ts";
import { client as vscodeDocument } from "./clients/vscode-document.ts";

/** Every client known here: adding one is adding a file to `clients/`, and a line. */
export const everyClient: readonly McpClient[] = [
  chatgpt,
  chatgptOlder,
  claudeAi,
  claudeAiDocument,
  claudeAiGivenSecret,
  claudeAiPublic,
  claudeCode,
  claudeCodeDesktop,
  claudeCodeDocument,
  claudeCodeOlder,
  codex,
  codexDocument,
  codexDocumentPerServer,
  codexOlder,
  conformanceSuite,
  copilotCli,
  cursor,
  geminiCli,
  mcpInspector,
  mcpInspector2,
  mcpRemote,
  mcpc,
  opencode,
  opencodeDocument,
  typescriptSdkV1,
  typescriptSdkV2,
  typescriptSdkV2WithSecret,
  vscode,
  vscodeDocument,
];
