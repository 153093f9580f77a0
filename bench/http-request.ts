/* Requests as they go over the wire, in the shape MCP servers and clients send them. */

const host = "Host: 127.0.0.1\r\nConnection: keep-alive\r\nAccept: */*\r\n";

type Headers = Readonly<Record<string, string>>;

export function getRequest(path: string, headers: Headers = {}): string {
  return `GET ${path} HTTP/1.1\r\n${host}${lines(headers)}\r\n`;
}

export function formRequest(path: string, form: Headers, headers: Headers = {}): string {
  return request(path, "application/x-www-form-urlencoded", `${new URLSearchParams(form)}`, headers);
}

export function jsonRequest(path: string, value: unknown, headers: Headers = {}): string {
  return request(path, "application/json", JSON.stringify(value), headers);
}

function request(path: string, type: string, body: string, headers: Headers): string {
  return `POST ${path} HTTP/1.1\r\n${host}Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n${lines(headers)}\r\n${body}`;
}

function lines(headers: Headers): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join("");
}
