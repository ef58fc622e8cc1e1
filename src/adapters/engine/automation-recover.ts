import { hostname } from "node:os";
import type { Stack } from "@pulumi/pulumi/automation/index.js";
import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import {
  backendFolder,
  backendUrl,
  engineAlive,
  runCli,
  type WorkspaceOptions,
} from "./automation-workspace.ts";
import type { EventLog } from "./events.ts";
import { classifyFailure, errorText } from "./failure.ts";
import { clearStaleLocks } from "./stack-lock.ts";

/** What recovery needs to know of an engine. */
export interface RecoverOptions extends WorkspaceOptions {
  readonly runtime: Runtime;
  /** Texts that must not get into a message; the passphrase in `env` always is one. */
  readonly secrets?: readonly string[];
  /** Age after which another machine's lock counts as left behind; default 10 min: no update runs longer. */
  readonly foreignLockMs?: number;
}

/**
 * Removes what a dead engine left locked; waits for a live one.
 *
 * @throws RolloutError `locked`; `unsupported` where the backend keeps no lock files
 */
export async function recoverLocks(
  options: RecoverOptions,
  request: { readonly waitMs: number; readonly force?: boolean },
): Promise<readonly string[]> {
  const url = (await backendUrl(options)) ?? (await loginUrl(options));
  const backendDir = backendFolder(url, options.projectDir);
  if (backendDir === undefined) {
    throw new RolloutError(`Locks of the backend ${url} can't be read.`, {
      code: "unsupported",
      exit: "error",
      hint: "make sure that no update of this stack runs, `pulumi cancel`, then `rollouts run` again",
    });
  }
  return clearStaleLocks({
    backendDir,
    project: options.project,
    stack: options.stack,
    host: hostname(),
    alive: engineAlive,
    wall: options.runtime.wall,
    waitMs: request.waitMs,
    foreignTermMs: options.foreignLockMs ?? 600_000,
    ...(request.force === undefined ? {} : { force: request.force }),
  });
}

async function loginUrl(options: RecoverOptions): Promise<string> {
  const answer: unknown = JSON.parse(await runCli(options, ["whoami", "--json"]));
  return String(Object(answer)["url"]);
}

/**
 * Reads the cloud into the state and drops creates that never ended. A driver that died while it started an
 * engine leaves one that takes its lock only after we have looked: then we wait once more, within the same time.
 */
export async function refreshWhenFree(
  stack: Stack,
  options: RecoverOptions,
  request: { readonly waitMs: number; readonly force?: boolean },
): Promise<readonly string[]> {
  const { wall } = options.runtime;
  const deadline = wall.now() + request.waitMs;
  const done: string[] = [];
  for (;;) {
    try {
      await refreshState(stack, options);
      return done;
    } catch (error) {
      if (!(error instanceof RolloutError) || error.code !== "locked" || wall.now() >= deadline) throw error;
      done.push(...(await recoverLocks(options, { ...request, waitMs: deadline - wall.now() })));
      // A lock that went between the two looks leaves nothing to wait for.
      await wall.sleep(100);
    }
  }
}

async function refreshState(stack: Stack, options: RecoverOptions): Promise<void> {
  try {
    await stack.refresh({ clearPendingCreates: true, showSecrets: false, color: "never" });
  } catch (error) {
    throw asFault(error, options);
  }
}

/** What a pending operation means, for people. */
export function pendingNote(operation: string): string {
  const [type = "", urn = ""] = operation.split(" ");
  if (type !== "creating") return `An update stopped while ${type} ${urn}.`;
  return `Possible orphan: an update stopped while creating ${urn}; if it exists, the stack doesn't know it.`;
}

/** The engine itself didn't work: no result, a fault. */
export function asFault(error: unknown, options: RecoverOptions): RolloutError {
  if (error instanceof RolloutError) return error;
  const empty: EventLog = {
    summary: {},
    changes: [],
    violations: [],
    errors: [],
    failedUrns: [],
    finished: false,
  };
  const failure = classifyFailure({ log: empty, error, aborted: false, secrets: secretsOf(options) });
  const locked = failure.kind === "locked";
  return new RolloutError(`The Pulumi engine failed: ${failure.message}`, {
    code: locked ? "locked" : "engine-failed",
    exit: locked ? "leaseHeld" : "error",
    ...(/passphrase/.test(errorText(error))
      ? { hint: "set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE" }
      : {}),
  });
}

/** Every text that is masked in messages. */
export function secretsOf({ secrets, env }: RecoverOptions): readonly string[] {
  const passphrase = env["PULUMI_CONFIG_PASSPHRASE"] ?? process.env["PULUMI_CONFIG_PASSPHRASE"];
  return [...(secrets ?? []), ...(passphrase === undefined ? [] : [passphrase])];
}
