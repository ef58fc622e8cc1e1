import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { loadProgram, type Program } from "../../src/cli/compose/program.ts";
import { openRehearsal, type Rehearsal } from "../../src/cli/compose/rehearsal.ts";
import type { MessageServer } from "../../src/cli/compose/rehearsed-messages.ts";
import { createRuntime } from "../../src/cli/compose/runtime.ts";
import { atChange, termsFor } from "../../src/cli/start.ts";
import { loadStackConfig } from "../../src/config/load.ts";
import { exitOf, type Outcome } from "../../src/driver/outcome.ts";
import { parseFault } from "../../src/sandbox/faults.ts";
import type { ChangeKind } from "../../src/types/change.ts";
import type { JournalEntry } from "../../src/types/journal.ts";

const root = resolve(import.meta.dirname, "../..");

export interface RehearsedRun {
  readonly outcome: Outcome;
  readonly exit: number;
  readonly entries: readonly JournalEntry[];
  /** Weights in force, in order, without repetition, from the router's own history. */
  readonly weights: readonly number[];
}

export interface RehearsedStack extends Rehearsal {
  readonly entries: readonly JournalEntry[];
}

/**
 * The repository's prod stack, copied to a folder of the test's own (the program stays where it is), on the real
 * engine and a sandbox. `change` edits the rollout config.
 */
export async function openStack(
  options: {
    readonly faults?: readonly string[];
    readonly change?: (rollout: Record<string, unknown>) => void;
    readonly stack?: string;
    /** Folder of the project, from the repository's; default: the repository's own. */
    readonly project?: string;
    /** Version that is in service before; default 1.2.3. */
    readonly baseline?: string;
    /** Default: the repository's own. */
    readonly program?: Program;
    /** What the version brings, as `--change` says it. */
    readonly kind?: ChangeKind;
    /** Where its messages go. */
    readonly messagesTo?: readonly MessageServer[];
    /** Called with each entry once it is written; what throws here is a driver that dies there. */
    readonly observer?: (entry: JournalEntry) => void;
  } = {},
): Promise<RehearsedStack> {
  const stack = options.stack ?? "prod";
  const from = join(root, options.project ?? ".");
  const projectDir = projectCopy({ from, stack }, options.change);
  const at = { projectDir, stack, config: await loadStackConfig({ projectDir, stack }) };
  const { config } = atChange(at, options.kind);
  const { change } = termsFor(at, options.kind);
  const entries: JournalEntry[] = [];
  const quiet = { line: () => {}, color: false, addSecrets: () => {} };
  const rehearsal = await openRehearsal({
    projectDir,
    stack,
    config,
    ...(change === undefined ? {} : { change }),
    program: options.program ?? (await loadProgram({ projectDir: from, main: config.main })),
    baseline: options.baseline ?? "1.2.3",
    faults: (options.faults ?? []).map(parseFault),
    seed: 7,
    runtime: createRuntime({ talk: quiet, signal: new AbortController().signal, debug: false }),
    log: () => {},
    ...(options.messagesTo === undefined ? {} : { messagesTo: options.messagesTo }),
    observer: (entry) => {
      entries.push(entry);
      options.observer?.(entry);
    },
  });
  const close = async () => {
    await rehearsal.close();
    rmSync(projectDir, { recursive: true, force: true });
  };
  return { ...rehearsal, entries, close };
}

/** One rollout of 1.2.4 over 1.2.3 under faults, from an empty cloud to its end. */
export async function rehearseOnce(options: Parameters<typeof openStack>[0] = {}): Promise<RehearsedRun> {
  const stack = await openStack(options);
  try {
    const outcome = await stack.run("1.2.4");
    const weights = stack.sandbox.routeHistory.map(({ exposure }) => exposure);
    const distinct = weights.filter((weight, index) => weight !== weights[index - 1]);
    return { outcome, exit: exitOf(outcome), entries: stack.entries, weights: distinct };
  } finally {
    await stack.close();
  }
}

function projectCopy(
  { from, stack }: { readonly from: string; readonly stack: string },
  change: ((rollout: Record<string, unknown>) => void) | undefined,
): string {
  const dir = mkdtempSync(join(tmpdir(), "rollouts-project-"));
  cpSync(join(from, "Pulumi.yaml"), join(dir, "Pulumi.yaml"));
  const file = `Pulumi.${stack}.yaml`;
  const settings = parse(readFileSync(join(from, file), "utf8"));
  const key = Object.keys(settings.config).find((name) => name.endsWith(":rollout")) ?? "";
  change?.(settings.config[key]);
  writeFileSync(join(dir, file), stringify(settings));
  symlinkSync(join(root, "node_modules"), join(dir, "node_modules"));
  return dir;
}
