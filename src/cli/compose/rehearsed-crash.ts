import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RolloutError } from "../../errors/errors.ts";
import type { Engine, UpOptions } from "../../ports/engine.ts";
import { exposureOf } from "../../sandbox/engine.ts";
import type { FaultSpec } from "../../sandbox/faults.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { LeverConfig } from "../../types/policy.ts";

/** Where the engine's locks lie, and what it writes to. */
export interface CrashOptions {
  readonly sandbox: Sandbox;
  readonly faults: readonly FaultSpec[];
  readonly lever: LeverConfig["kind"];
  /** Folder of the rehearsal's own backend. */
  readonly state: string;
  readonly project: string;
  readonly stack: string;
}

/**
 * An engine that is killed with its first write on the way to an exposure, once for each fault `engine-crash`: the object
 * is written, and nobody has noted it. Only rehearsals have it, and only their own engine is ended, by the pid in its lock.
 *
 * @throws RolloutError `fault-unknown` (exit 2) where the stack's objects aren't the cluster's in memory
 */
export function crashingEngine(engine: Engine, options: CrashOptions): Engine {
  const crashes = options.faults.filter(({ kind }) => kind === "engine-crash");
  const [first] = crashes;
  if (first === undefined) return engine;
  if (options.lever === "app-service-slot") throw inert(first);
  const left = new Set(crashes.map(({ atExposure }) => atExposure));
  const up = async (request: UpOptions) => {
    const exposure = request.converge === true ? undefined : exposureOf(request.target);
    if (exposure === undefined || !left.delete(exposure)) return await engine.up(request);
    const { hooks } = options.sandbox;
    let killed: Promise<void> | undefined;
    hooks.beforeWrite = () => {
      killed ??= killEngine(options);
      return killed;
    };
    try {
      return await engine.up(request);
    } finally {
      delete hooks.beforeWrite;
    }
  };
  return { ...engine, up };
}

async function killEngine({ state, project, stack }: CrashOptions): Promise<void> {
  const folder = join(state, ".pulumi", "locks", "organization", project, stack);
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".json"))) {
    const pid: unknown = Object(JSON.parse(await readFile(join(folder, name), "utf8"))).pid;
    if (typeof pid === "number") process.kill(pid, "SIGKILL");
  }
}

function inert({ text }: FaultSpec): RolloutError {
  return new RolloutError(`The fault ${text} never acts on a stack of App Service.`, {
    code: "fault-unknown",
    exit: "config",
    path: "fault",
    hint: "Rehearse it on a stack of Kubernetes: the engine is the same.",
  });
}
