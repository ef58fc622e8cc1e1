import { redact } from "../lib/redact.ts";
import type { Talk } from "./world.ts";

/** The process as the command line sees it. */
export interface Io {
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  readonly stdout: { write(text: string): void; readonly isTTY: boolean };
  readonly stderr: { write(text: string): void; readonly isTTY: boolean };
  /** Whether Ctrl-C comes from a terminal, and so reaches the engine too. */
  readonly stdinIsTTY: boolean;
  /** Hears a signal of the process. */
  onSignal(name: "SIGINT" | "SIGTERM" | "SIGHUP", heard: () => void): void;
}

/** Everything printed goes through here: the one place that masks secrets. */
export interface Sink {
  readonly talk: Talk;
  data(text: string): void;
  /** Whether stdout takes colour. */
  readonly color: boolean;
}

/** Variables whose content never gets printed, whoever quotes it. */
const secretVariables = [
  "PULUMI_CONFIG_PASSPHRASE",
  "PULUMI_ACCESS_TOKEN",
  "AZURE_CLIENT_SECRET",
  "AZURE_STORAGE_KEY",
];

/** A sink on both streams. Colour: only on a terminal, without NO_COLOR and outside CI. */
export function createSink(io: Io, wanted: { readonly color: boolean }): Sink {
  const secrets = new Set(secretVariables.flatMap((name) => io.env[name] ?? []));
  const allowed = wanted.color && !io.env["NO_COLOR"] && !io.env["CI"] && io.env["TERM"] !== "dumb";
  return {
    talk: {
      line: (text) => io.stderr.write(`${redact(text, secrets)}\n`),
      color: allowed && io.stderr.isTTY,
      addSecrets: (more) => {
        for (const secret of more) secrets.add(secret);
      },
    },
    data: (text) => io.stdout.write(`${redact(text, secrets)}\n`),
    color: allowed && io.stdout.isTTY,
  };
}
