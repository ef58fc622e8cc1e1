import { RolloutError } from "../errors/errors.ts";
import { isFlagAlone, opensFlag } from "../lib/strategies.ts";
import { flagSnapshot, isOff } from "../plan/flag-release.ts";
import type { Release } from "../types/release.ts";
import type { WorkloadSnapshot } from "../types/workload.ts";
import type { DriverDeps } from "./session.ts";

interface Found {
  readonly record: Release;
  readonly desired: WorkloadSnapshot;
}

/**
 * Whether the stack has all that a rollout would bring: the version, and its flag open to everybody. Throws
 * `flag-is-on` where the flag is on by another definition, or is on already for code that is still to come.
 */
export function hasAll({ policy, flag: ports }: DriverDeps, { record, desired }: Found): boolean {
  const served = record.stable.identity === desired.identity;
  const { flag, strategy } = policy;
  if (!opensFlag(strategy) || flag === undefined) return served;
  if (ports === undefined) throw new Error("a rollout of a flag has no ports for it");
  const there = isFlagAlone(policy) ? record.stable : record.flag?.stable;
  const isOpen = there !== undefined && !isOff(there);
  if (!isOpen) return false;
  const same = there.identity === flagSnapshot("", flag.spec).identity;
  if (served && same) return true;
  throw new RolloutError(
    same
      ? `${flag.spec.id} is on for everybody already, so the code would meet all of them at once.`
      : `${flag.spec.id} is on for everybody, by another definition.`,
    {
      code: "flag-is-on",
      exit: "config",
      path: "rollout.flag",
      hint: `Switch it off first (\`rollouts flag off ${flag.spec.id}\`), or roll the code out without it: \`--change new-feature\`.`,
    },
  );
}
