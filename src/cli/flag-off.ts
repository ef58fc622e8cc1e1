import { switchFlag } from "../adapters/flags/switch-flag.ts";
import { type ExitName, exitCodes, RolloutError } from "../errors/errors.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import type { Decided, FlagAsked } from "./flag-asked.ts";
import { azByHand } from "./flag-by-hand.ts";
import { type Converged, convergeFlag } from "./flag-converge.ts";
import { type ProbeSeen, probeOff } from "./flag-probe.ts";
import { flagObjectiveSeconds, type RefreshView, refreshView } from "./flag-refresh.ts";
import { flagsOf, type StackWithFlag } from "./flag-stack.ts";
import { offLine, renderOff } from "./render/flag-off.ts";
import { formatSeconds } from "./render/words.ts";

/** `data` of `flag off --json`. Times in ms of the wall, from the command on. */
export interface FlagOffView extends Decided {
  readonly stack: string;
  readonly flag: string;
  readonly label?: string;
  readonly store: StoreWrite;
  /** Of `--probe`. */
  readonly application?: ProbeSeen & { readonly objectiveMs: number; readonly met: boolean };
  /** What the refresh interval makes of the objective. */
  readonly refresh: RefreshView;
  readonly converged: Converged;
}

export interface StoreWrite {
  readonly ms: number;
  /** When it was off, ISO 8601. */
  readonly at: string;
  /** False: it was off. */
  readonly written: boolean;
  /** Reads, each with a write where one was needed. */
  readonly attempts: number;
  readonly etag?: string;
}

/** How long past the refresh interval an application is asked, ms. */
const probePatienceMs = 30_000;

/**
 * The emergency: the flag off in its store, by one write before anything else is opened; then, at once, the application
 * is asked and the stack follows. The stack doesn't wait for the application: an update under way could open the flag
 * again meanwhile.
 */
export async function flagOff(
  context: CommandContext,
  stack: StackWithFlag,
  asked: Extract<FlagAsked, { action: "off" }> & { readonly fromMs: number },
): Promise<CommandResult> {
  const { talk, runtime, color } = context;
  const { by, reason, probe, converge, fromMs } = asked;
  const { flag, at } = stack;
  const store = await writeOff(context, stack, fromMs);
  talk.line(offLine(store, flag.spec.id));
  const untilMs = runtime.wall.now() + flag.refreshSeconds * 1000 + probePatienceMs;
  const [seen, converged] = await Promise.all([
    probe && probeOff(probe, { flagId: flag.spec.id, fromMs, untilMs }, runtime),
    converge
      ? convergeFlag(context, stack, { by, reason, store })
      : ({ stack: "later", problems: [] } as const),
  ]);
  const objectiveMs = flagObjectiveSeconds * 1000;
  const view: FlagOffView = {
    stack: at.stack,
    flag: flag.spec.id,
    ...(flag.label === undefined ? {} : { label: flag.label }),
    by,
    reason,
    store,
    ...(seen === undefined
      ? {}
      : { application: { ...seen, objectiveMs, met: seen.seen && seen.ms < objectiveMs } }),
    refresh: refreshView(flag.refreshSeconds),
    converged,
  };
  return { data: view, text: renderOff(view, { color }), ...endedAs(view) };
}

/** Nothing is opened but the store. A failure says how it is done without us. */
async function writeOff(context: CommandContext, stack: StackWithFlag, fromMs: number): Promise<StoreWrite> {
  const { wall } = context.runtime;
  try {
    const flags = await flagsOf(context, stack);
    // No signal: an emergency is not stopped half-way.
    const { written, attempts, etag } = await switchFlag(flags, false, { clock: wall });
    const nowMs = wall.now();
    return {
      ms: nowMs - fromMs,
      at: new Date(nowMs).toISOString(),
      written,
      attempts,
      ...(etag === undefined ? {} : { etag }),
    };
  } catch (error) {
    throw error instanceof RolloutError ? withHand(error, stack) : error;
  }
}

function withHand(error: RolloutError, { flag }: StackWithFlag): RolloutError {
  const { code, exit, message, path } = error;
  return new RolloutError(message, {
    code,
    exit,
    hint: handHint(error, flag),
    ...(path === undefined ? {} : { path }),
    cause: error,
  });
}

function handHint({ code, hint = "" }: RolloutError, flag: StackWithFlag["flag"]): string {
  const disable = azByHand("disable", flag);
  switch (code) {
    case "flag-gone":
      return "Nothing stands under its key and label, so applications take it as off. See that id, label and endpoint are the right ones: `az appconfig feature list`.";
    case "flag-locked":
      return `Find out who locked it, and why. \`${azByHand("unlock", flag)}\`, then again; or by hand: \`${disable}\`.`;
    case "flag-json":
      return hint;
    default:
      return `By hand: \`${disable}\`. ${hint}`;
  }
}

/** What counts most comes first: the stack, then what the application shows. */
function endedAs({ converged, application, flag }: FlagOffView): Pick<CommandResult, "exit" | "problem"> {
  const { problem } = converged;
  if (problem !== undefined) return { exit: exitCodes[converged.exit ?? "error"], problem };
  if (application?.seen !== false) return {};
  const exit: ExitName = "timeout";
  return {
    exit: exitCodes[exit],
    problem: {
      code: "flag-not-seen",
      message: `${flag} is off in the store; the application did not show it within ${formatSeconds(application.ms)} (${application.lastly}).`,
      hint: "See that it refreshes its configuration, reads this store and label, and that --probe and --expect ask the right thing.",
    },
  };
}
