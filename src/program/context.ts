import { AsyncLocalStorage } from "node:async_hooks";
import type { Resolved, Target } from "../types/engine.ts";

/** What a driver passes to the program that it runs. */
export interface RolloutContext {
  readonly target: Target;
  /** Called once, as soon as the target is resolved and before a resource is registered. */
  report(resolved: Resolved): void;
}

/**
 * Kept under a global symbol: a program may load another copy of this library than the driver has, and with a
 * storage of its own it would quietly render what stack config says instead of what the driver asks for.
 */
const key = Symbol.for("pulumi-rollouts.context.v1");
const holder = globalThis as { [key]?: AsyncLocalStorage<RolloutContext> };
holder[key] ??= new AsyncLocalStorage<RolloutContext>();
const storage = holder[key];

/** Runs a program's default export for a driver. */
export function runInContext<T>(context: RolloutContext, main: () => Promise<T>): Promise<T> {
  return storage.run(context, main);
}

/** The driver's context, or undefined in a plain `pulumi up`. */
export function currentContext(): RolloutContext | undefined {
  return storage.getStore();
}
