import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { RolloutError } from "../../errors/errors.ts";
import { messageOf } from "../../lib/error-message.ts";
import { runInContext } from "../../program/context.ts";
import type { Resolved, Target } from "../../types/engine.ts";

/** A user's program as the engine calls it. */
export type Program = (context: {
  readonly target: Target;
  report(resolved: Resolved): void;
}) => Promise<Record<string, unknown>>;

/** The module that a stack's `SlotRelease` resources are served by: the engine's own process imports it. */
export const slotProviderFile = fileURLToPath(
  new URL("../../adapters/slots/slot-provider.ts", import.meta.url),
);

/** The same for the resources that move the pods of node pools. */
export const nodePoolProviderFile = fileURLToPath(
  new URL("../../adapters/node-pools/node-pool-provider.ts", import.meta.url),
);

/**
 * Imports `main` of Pulumi.yaml, once. Throws a RolloutError (exit 2): `program-missing`, `program-broken` where
 * the module itself throws, `program-no-function` where its default export is none.
 */
export async function loadProgram(at: {
  readonly projectDir: string;
  readonly main: string;
}): Promise<Program> {
  const file = mainFile(at);
  const module: unknown = await import(pathToFileURL(file).href).catch((cause: unknown) => {
    throw new RolloutError(`${at.main} can't be imported: ${messageOf(cause)}`, {
      code: "program-broken",
      exit: "config",
      path: "Pulumi.yaml: main",
      hint: "Make resources inside of the function that rolloutProgram takes, and run it with Node.js 22.18 or newer.",
      cause,
    });
  });
  const main: unknown = Object(module)["default"];
  if (typeof main !== "function") throw noFunction(at.main, main);
  return (context) => runInContext(context, async () => Object(await main()));
}

function mainFile({ projectDir, main }: { readonly projectDir: string; readonly main: string }): string {
  const path = resolve(projectDir, main);
  const candidates = [path, ...["index.ts", "index.js", "index.mjs"].map((name) => join(path, name))];
  const file = candidates.find((candidate) => existsSync(candidate) && statSync(candidate).isFile());
  if (file !== undefined) return file;
  throw new RolloutError(`Pulumi.yaml says main: ${main}, and there is no such module.`, {
    code: "program-missing",
    exit: "config",
    path: "Pulumi.yaml: main",
    hint: "Write the path of the program, relative to Pulumi.yaml: main: src/program/index.ts.",
  });
}

function noFunction(main: string, found: unknown): RolloutError {
  const what = found === undefined ? "nothing" : `a value of type ${typeof found}`;
  return new RolloutError(`${main} default-exports ${what}; a rollout needs a function.`, {
    code: "program-no-function",
    exit: "config",
    path: "Pulumi.yaml: main",
    hint: "export default rolloutProgram(async (rollout) => { new CanaryDeployment(…); return rollout.outputs(); })",
  });
}
