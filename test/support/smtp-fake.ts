import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";

export interface SmtpFake {
  /** `smtp://127.0.0.1:<port>`. */
  readonly url: string;
  /** Mails that were taken, whole, in order. */
  readonly mails: readonly string[];
  /** From now on DATA is answered so; undefined: mails are taken. */
  answerWith(line: string | undefined): void;
  close(): Promise<void>;
}

/** A mail server on loopback: as much of RFC 5321 as a client without extensions needs. */
export async function startSmtpFake(): Promise<SmtpFake> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  let answer: string | undefined;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    talk(socket, { mails, answer: () => answer });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails,
    answerWith: (line) => {
      answer = line;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function talk(
  socket: Socket,
  at: { readonly mails: string[]; readonly answer: () => string | undefined },
): void {
  let text = "";
  let inMail = false;
  const say = (line: string) => socket.write(`${line}\r\n`);
  say("220 fake ESMTP");
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("utf8");
    for (;;) {
      const mark = inMail ? "\r\n.\r\n" : "\r\n";
      const end = text.indexOf(mark);
      if (end < 0) return;
      const part = text.slice(0, end);
      text = text.slice(end + mark.length);
      if (inMail) {
        inMail = false;
        const refused = at.answer();
        if (refused === undefined) at.mails.push(part);
        say(refused ?? "250 taken");
      } else inMail = command(part, say) === "mail";
    }
  });
}

function command(line: string, say: (line: string) => void): "mail" | "next" {
  const verb = line.slice(0, 4).toUpperCase();
  if (verb === "DATA") {
    say("354 go on");
    return "mail";
  }
  if (verb === "EHLO") say("250-fake\r\n250 AUTH PLAIN");
  else say(verb === "QUIT" ? "221 bye" : verb === "AUTH" ? "535 5.7.8 no such user ada" : "250 fake");
  return "next";
}
