import { isLoopbackUrl } from "../oauth/host.ts";

export interface MailServer {
  /** `smtp:` or `smtps:`, with user and password where the server asks for them. */
  readonly url: string;
  /** The address that mails come from. */
  readonly from: string;
}

export interface Mail {
  readonly subject: string;
  /** Plain text. */
  readonly text: string;
}

/** Milliseconds for a connection, and for each answer of the server. */
const timeoutMs = 10_000;

/**
 * Hands one mail to the SMTP server, for exactly one recipient. To another computer it goes encrypted, or not
 * at all. Rejects when the server does not take it; the message never holds the password.
 */
export async function sendMail({ url, from }: MailServer, to: string, mail: Mail): Promise<void> {
  const { createTransport } = await import("nodemailer");
  const server = new URL(url);
  const { protocol, hostname, port, username, password } = server;
  const secure = protocol === "smtps:";
  const transport = createTransport({
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(port || (secure ? 465 : 587)),
    secure,
    requireTLS: !secure && !isLoopbackUrl(server),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(username === ""
      ? {}
      : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
  });
  try {
    // As objects: a comma in an address would make two of one in a text.
    await transport.sendMail({
      ...mail,
      from: { name: "Gatehouse", address: from },
      to: { name: "", address: to },
      envelope: { from, to: [to] },
    });
  } finally {
    transport.close();
  }
}
