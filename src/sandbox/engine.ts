import type { Engine, UpOptions } from "../ports/engine.ts";
import type { Target } from "../types/engine.ts";
import type { Sandbox } from "./sandbox.ts";

/**
 * An engine that works on a sandbox: while it runs, virtual time stands, but for what the sandbox's own provider
 * lets pass; its converge update may take fields back from the lever.
 */
export function sandboxEngine(engine: Engine, sandbox: Sandbox): Engine {
  const still = async <T>(work: () => Promise<T>): Promise<T> => {
    const release = sandbox.clock.hold();
    try {
      return await work();
    } finally {
      release();
    }
  };
  const forced = async <T>(work: () => Promise<T>): Promise<T> => {
    sandbox.cloud.setForce(true);
    try {
      return await work();
    } finally {
      sandbox.cloud.setForce(false);
    }
  };
  return {
    preview: (options) => still(() => engine.preview(options)),
    up: (options: UpOptions) =>
      still(() => {
        const exposure = exposureOf(options.target);
        if (exposure !== undefined) sandbox.announce(exposure);
        return options.converge ? forced(() => engine.up(options)) : engine.up(options);
      }),
    deployed: () => still(() => engine.deployed()),
    recover: (options) => still(() => engine.recover(options)),
  };
}

const allAtOnce: ReadonlySet<string> = new Set(["roll", "direct", "stage", "swap"]);

/** The exposure that a target names; a stage of a promotion names none, there its preview has shown it. */
export function exposureOf(target: Target): number | undefined {
  if (target.kind === "release") return target.release.exposure;
  // What is staged is made for everybody, though nobody has it yet.
  if (allAtOnce.has(target.step ?? "")) return 100;
  return target.step !== undefined && /^\d+$/.test(target.step) ? Number(target.step) : undefined;
}
