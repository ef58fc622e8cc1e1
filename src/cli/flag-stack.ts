import { resolve } from "node:path";
import { readTenants } from "../adapters/flags/tenants.ts";
import { RolloutError } from "../errors/errors.ts";
import type { TenantTraffic } from "../plan/flag-cohort.ts";
import type { Flags } from "../ports/flags.ts";
import type { FlagConfig } from "../types/flag-config.ts";
import type { CommandContext } from "./command.ts";
import type { StackAt } from "./world.ts";

/** A stack and the flag of its config: nothing is opened. */
export interface StackWithFlag {
  readonly at: StackAt;
  readonly flag: FlagConfig;
}

/** Throws (exit 2) `no-flag` where config has none, `flag-unknown` where it isn't the one that is named. */
export async function stackWithFlag(context: CommandContext): Promise<StackWithFlag> {
  const { projectDir, stack, world, secondArgument: asked } = context;
  const at = { projectDir, stack, config: await world.loadConfig({ projectDir, stack }) };
  const { flag } = at.config.policy;
  if (flag === undefined) throw noFlag(stack);
  if (asked !== undefined && asked !== flag.spec.id) throw otherFlag(asked, at, flag);
  return { at, flag };
}

/** The flag in its store. */
export async function flagsOf(context: CommandContext, { at }: StackWithFlag): Promise<Flags> {
  const { openFlags } = context.world;
  if (openFlags === undefined) throw new Error("this world has no flags");
  return await openFlags(at, context);
}

/** The tenants of the stack's file; undefined: config names none. Throws as `readTenants` does. */
export async function tenantsOf({
  at: { projectDir },
  flag: { tenants },
}: StackWithFlag): Promise<readonly TenantTraffic[] | undefined> {
  return tenants === undefined ? undefined : await readTenants(resolve(projectDir, tenants));
}

function noFlag(stack: string): RolloutError {
  return new RolloutError(`Pulumi.${stack}.yaml has no flag.`, {
    code: "no-flag",
    exit: "config",
    path: "rollout.flag",
    hint: "Write flag: { id: AuditTrail.NewAlgorithm, endpoint: https://atp-prod.azconfig.io }; docs/feature-flags.md has an example.",
  });
}

function otherFlag(asked: string, { stack }: StackAt, { spec }: FlagConfig): RolloutError {
  return new RolloutError(`${asked} isn't the flag of ${stack}: that is ${spec.id}.`, {
    code: "flag-unknown",
    exit: "config",
    path: "rollout.flag.id",
    hint: `Write ${spec.id}, or leave the id out; see that the stack is the right one.`,
  });
}
