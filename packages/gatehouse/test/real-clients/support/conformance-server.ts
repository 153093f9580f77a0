import { createServer } from "node:http";
import type { TestContext } from "node:test";
import { createMcpHandler, McpServer, ResourceTemplate } from "@modelcontextprotocol/server";
import { z } from "zod";
import { serveFetch } from "../../../src/demo/serve-fetch.ts";
import { closeServer, listen } from "../../support/upstream.ts";

const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==";
const silence = "UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=";
const text = (value: string) => ({ type: "text" as const, text: value });
const image = { type: "image" as const, data: pixel, mimeType: "image/png" };

/**
 * A server on the official SDK with what the conformance suite of the MCP project looks for in one, as far as
 * it is plain: tools, resources, prompts. Knows nothing of OAuth.
 */
export async function startConformanceServer(t: TestContext): Promise<string> {
  const mcp = createMcpHandler(createTools);
  const server = createServer(serveFetch((request) => mcp.fetch(request)));
  const url = `${await listen(server)}/mcp`;
  t.after(async () => {
    await mcp.close();
    await closeServer(server);
  });
  return url;
}

function createTools(): McpServer {
  const server = new McpServer({ name: "conformance", version: "1.0.0" });
  const tool = (name: string, content: object[], isError = false) =>
    server.registerTool(
      name,
      { description: name },
      () => ({ content, ...(isError && { isError }) }) as never,
    );
  const resource = (uri: string) => ({
    type: "resource" as const,
    resource: { uri, mimeType: "text/plain", text: "This is an embedded resource content." },
  });
  tool("test_simple_text", [text("This is a simple text response for testing.")]);
  tool("test_image_content", [image]);
  tool("test_audio_content", [{ type: "audio", data: silence, mimeType: "audio/wav" }]);
  tool("test_embedded_resource", [resource("test://embedded-resource")]);
  tool("test_multiple_content_types", [
    text("Multiple content types test:"),
    image,
    resource("test://mixed-content-resource"),
  ]);
  tool("test_error_handling", [text("This tool intentionally returns an error for testing")], true);
  const plain = { mimeType: "text/plain" };
  server.registerResource("static-text", "test://static-text", plain, ({ href: uri }) => ({
    contents: [{ uri, ...plain, text: "This is the content of the static text resource." }],
  }));
  server.registerResource(
    "static-binary",
    "test://static-binary",
    { mimeType: "image/png" },
    ({ href: uri }) => ({
      contents: [{ uri, mimeType: "image/png", blob: pixel }],
    }),
  );
  const template = new ResourceTemplate("test://template/{id}/data", { list: undefined });
  server.registerResource(
    "template",
    template,
    { mimeType: "application/json" },
    ({ href: uri }, { id }) => ({
      contents: [
        { uri, mimeType: "application/json", text: JSON.stringify({ id, data: `Data for ID: ${id}` }) },
      ],
    }),
  );
  const says = (...content: object[]) => ({
    messages: content.map((each) => ({ role: "user" as const, content: each })),
  });
  server.registerPrompt(
    "test_simple_prompt",
    { description: "simple" },
    () => says(text("This is a simple prompt for testing.")) as never,
  );
  const argsSchema = z.object({ arg1: z.string(), arg2: z.string() });
  server.registerPrompt(
    "test_prompt_with_arguments",
    { description: "arguments", argsSchema },
    ({ arg1, arg2 }) => says(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)) as never,
  );
  const uriSchema = z.object({ resourceUri: z.string() });
  server.registerPrompt(
    "test_prompt_with_embedded_resource",
    { description: "resource", argsSchema: uriSchema },
    ({ resourceUri }) =>
      says(resource(resourceUri), text("Please process the embedded resource above.")) as never,
  );
  server.registerPrompt(
    "test_prompt_with_image",
    { description: "image" },
    () => says(image, text("Please analyze the image above.")) as never,
  );
  return server;
}
