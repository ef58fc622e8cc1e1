import type { EnvironmentPolicy } from "./policy.ts";

/**
 * What of a stack's policy a program may read: how versions reach people, what they are judged by, and where that is
 * measured. Nothing of who is told, asked or trusted: no key of any of them is in it.
 */
export type ProgramPolicy = Pick<
  EnvironmentPolicy,
  | "preset"
  | "service"
  | "strategy"
  | "platform"
  | "increments"
  | "cohort"
  | "flag"
  | "lookSeconds"
  | "drainSeconds"
  | "gates"
  | "hold"
  | "timeouts"
  | "metrics"
  | "health"
  | "lever"
  | "watch"
>;
