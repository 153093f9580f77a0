import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, as they came. */
  readonly data: string;
}

/**
 * A mail server on this computer that takes whatever it is sent, as far as RFC 5321 asks for one mail.
 * @param refuses a recipient it does not take
 */
export async function startMailServer({ refuses }: { refuses?: string } = {}) {
  const mails: ReceivedMail[] = [];
  const server = createServer((socket) => converse(socket, mails, refuses)).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `smtp://127.0.0.1:${port}`, mails, close: () => void server.close() };
}

function converse(socket: Socket, mails: ReceivedMail[], refuses: string | undefined): void {
  let [from, to, data]: [string, string[], string | undefined] = ["", [], undefined];
  let unread = "";
  const say = (line: string) => socket.write(`${line}\r\n`);
  say("220 localhost ready");
  socket.setEncoding("utf8");
  socket.on("error", () => undefined);
  socket.on("data", (chunk: string) => {
    const lines = (unread + chunk).split("\r\n");
    unread = lines.pop() ?? "";
    for (const line of lines) answer(line);
  });

  function answer(line: string): void {
    if (data !== undefined) {
      if (line !== ".") data += `${line}\n`;
      else {
        mails.push({ from, to, data });
        [to, data] = [[], undefined];
        say("250 taken");
      }
      return;
    }
    const [, address = ""] = /<([^>]*)>/.exec(line) ?? [];
    if (/^(?:EHLO|HELO)/i.test(line)) say("250 localhost");
    else if (/^MAIL/i.test(line)) {
      from = address;
      say("250 ok");
    } else if (/^RCPT/i.test(line)) {
      if (address === refuses) return void say("550 nobody here of that name");
      to.push(address);
      say("250 ok");
    } else if (/^DATA/i.test(line)) {
      data = "";
      say("354 go on");
    } else if (/^QUIT/i.test(line)) {
      say("221 bye");
      socket.end();
    } else say("250 ok");
  }
}
