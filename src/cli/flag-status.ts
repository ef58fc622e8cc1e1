import type { TenantTraffic } from "../plan/flag-cohort.ts";
import { evaluateFlag } from "../plan/flag-evaluation.ts";
import { exposureOfFlag } from "../plan/flag-exposure.ts";
import { builtInFilter, percentageFilter } from "../plan/flag-filters.ts";
import { parseFlag, type RawFlag } from "../plan/flag-json.ts";
import { readFlag } from "../plan/flag-schema.ts";
import { filtersOf, nameOf } from "../plan/flag-value.ts";
import { flagWarnings } from "../plan/flag-warnings.ts";
import type { FlagReading } from "../ports/flags.ts";
import type { FlagSpec } from "../types/flag-config.ts";
import type { CommandContext, CommandResult } from "./command.ts";
import type { FlagAsked } from "./flag-asked.ts";
import { differsFromMeant, lastOff, type MeantFlag, meantFlag, type RecordedOff } from "./flag-meant.ts";
import { type RefreshView, refreshView } from "./flag-refresh.ts";
import { flagsOf, type StackWithFlag, tenantsOf } from "./flag-stack.ts";
import { renderFlag } from "./render/flag.ts";

/** `data` of `flag status --json`. */
export interface FlagStatusView {
  readonly stack: string;
  readonly flag: string;
  readonly endpoint: string;
  readonly label?: string;
  /** Absent: nothing stands under its key and label, and applications take it as off. */
  readonly store?: FlagInStore;
  /** By the stack's journal; absent: no rollout of it has moved the flag. */
  readonly meant?: MeantFlag;
  /** How the store differs from that, one sentence each; absent: nothing tells. */
  readonly differences?: readonly string[];
  /** The emergency since the last rollout began. */
  readonly off?: Omit<RecordedOff, "seq" | "flag">;
  readonly refresh: RefreshView;
  readonly warnings: readonly string[];
  readonly tenant?: TenantAnswer;
}

export interface FlagInStore {
  /** Absent: the value can't be read. */
  readonly enabled?: boolean;
  /** How far it is open, 0-100 %. */
  readonly exposure?: number;
  readonly etag: string;
  readonly locked: boolean;
  /** ISO 8601. */
  readonly changedAt?: string;
}

/** What an application with Microsoft's JavaScript library answers one tenant. */
export interface TenantAnswer {
  readonly id: string;
  readonly groups: readonly string[];
  readonly enabled: boolean;
  readonly variant?: string;
  /** Another answer at each call, in .NET: this one is without its Percentage filter. */
  readonly random: boolean;
}

/** The flag as it is in the store, beside what the journal tells. No engine; a store that doesn't answer is an error. */
export async function flagStatus(
  context: CommandContext,
  stack: StackWithFlag,
  { tenant }: Extract<FlagAsked, { action: "status" }>,
): Promise<CommandResult> {
  const { world, runtime, color } = context;
  const { at, flag } = stack;
  const { spec, label, endpoint, refreshSeconds } = flag;
  const flags = await flagsOf(context, stack);
  const there = await flags.read(runtime.signal);
  const entries = await (await world.openRecord(at, context)).journal.read();
  const seen = there && inStore(there, spec);
  const meant = meantFlag(entries, spec.id);
  const off = lastOff(entries, spec.id);
  const differences =
    meant === undefined || seen?.flag === undefined
      ? undefined
      : differsFromMeant({ flag: seen.flag, exposure: seen.exposure ?? 0 }, meant, spec);
  const nowMs = runtime.wall.now();
  const answer = tenant && tenantAnswer(seen?.flag, await withGroups(tenant, stack), nowMs);
  const view: FlagStatusView = {
    stack: at.stack,
    flag: spec.id,
    endpoint,
    ...(label === undefined ? {} : { label }),
    ...(seen === undefined ? {} : { store: seen.store }),
    ...(meant === undefined ? {} : { meant }),
    ...(differences === undefined ? {} : { differences }),
    ...(off === undefined ? {} : { off: told(off) }),
    refresh: refreshView(refreshSeconds),
    warnings: [
      ...(there === undefined ? [goneText] : flagWarnings(there)),
      ...(there?.locked ? [lockedText] : []),
    ],
    ...(answer === undefined ? {} : { tenant: answer }),
  };
  return { data: view, text: renderFlag(view, { color, nowMs }) };
}

const goneText = "nothing stands under its key and label: applications take it as off";
const lockedText = "it is locked: neither the stack nor `flag off` can write it";

function told({ seq: _seq, flag: _flag, ...off }: RecordedOff): Omit<RecordedOff, "seq" | "flag"> {
  return off;
}

/** A value that can't be read is a warning of its own, and here no more than absent. */
function inStore(
  { value, etag, locked, changedAt }: FlagReading,
  spec: FlagSpec,
): { readonly store: FlagInStore; readonly flag?: RawFlag; readonly exposure?: number } {
  const store = { etag, locked, ...(changedAt === undefined ? {} : { changedAt }) };
  try {
    const flag = parseFlag(value);
    const exposure = exposureOfFlag(flag, spec);
    return { store: { enabled: flag["enabled"] === true, exposure, ...store }, flag, exposure };
  } catch {
    return { store };
  }
}

interface Tenant {
  readonly id: string;
  readonly groups?: readonly string[];
}

/** As the file has them, where the command line names none. */
async function withGroups(tenant: Tenant, stack: StackWithFlag): Promise<Tenant> {
  if (tenant.groups !== undefined) return tenant;
  const known: readonly TenantTraffic[] = (await tenantsOf(stack)) ?? [];
  return known.find(({ id }) => id === tenant.id) ?? tenant;
}

function tenantAnswer(flag: RawFlag | undefined, { id, groups = [] }: Tenant, now: number): TenantAnswer {
  if (flag === undefined) return { id, groups, enabled: false, random: false };
  const { enabled, variant } = evaluateFlag(readFlag(flag), { target: { userId: id, groups }, now });
  const random =
    flag["enabled"] === true &&
    filtersOf(flag).some((one) => builtInFilter(nameOf(one)) === percentageFilter);
  return { id, groups, enabled, ...(variant === undefined ? {} : { variant: variant.name }), random };
}
