import { RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import type { CommandResult } from "../command.ts";

/** The one shape of everything that `--json` prints. */
export interface Envelope {
  readonly schemaVersion: 1;
  readonly command: string;
  readonly ok: boolean;
  readonly data?: unknown;
  readonly error?: {
    readonly code: string;
    readonly message: string;
    readonly hint?: string;
    readonly path?: string;
    readonly issues?: RolloutError["issues"];
  };
}

/** A verb's result. An outcome that isn't success has its `data` and an `error` that says why. */
export function resultEnvelope(command: string, { data, exit = 0, problem }: CommandResult): Envelope {
  return { schemaVersion: 1, command, ok: exit === 0, data, ...(problem ? { error: problem } : {}) };
}

/** An error, with every issue. */
export function errorEnvelope(command: string, error: unknown): Envelope {
  if (!(error instanceof RolloutError)) {
    return { schemaVersion: 1, command, ok: false, error: { code: "internal", message: messageOf(error) } };
  }
  const { code, message, hint, path, issues } = error;
  return {
    schemaVersion: 1,
    command,
    ok: false,
    error: {
      code,
      message,
      ...(hint === undefined ? {} : { hint }),
      ...(path === undefined ? {} : { path }),
      ...(issues.length === 0 ? {} : { issues }),
    },
  };
}
