import { duringItems } from "../types/checklist.ts";
import type { ChecklistConfig } from "../types/checklist-config.ts";
import type { Confirmation, ItemStatus } from "../types/checklist-status.ts";
import type { HealthStatus } from "../types/observation.ts";
import { whereItCounts } from "./checklist-channel.ts";
import { itemStatuses } from "./checklist-items.ts";
import { confirmCommand, type Found, met, rehearsedFinding, unmet, vouched } from "./checklist-status.ts";

/** What one look has seen that the guide's list for "during deployment" asks for. Times in ms of the rollout's clock. */
export interface DuringLook {
  readonly nowMs: number;
  /** When the step was read back. */
  readonly sinceMs: number;
  /** Persons and channels are replaced. */
  readonly rehearsed: boolean;
  /** As `--stack` takes it. */
  readonly stack: string;
  readonly counts: CountsSeen;
  readonly exceptions: ExceptionsSeen;
  readonly queue: Found;
  /** The sides that were asked. */
  readonly health: Readonly<Record<string, HealthStatus>>;
  readonly told: StatusSeen;
  /** What people ask could be read at this look; else why not. */
  readonly requests: { readonly read: true } | { readonly read: false; readonly message: string };
}

/** Age of the last answer with counts, not of the counts: telemetry itself is minutes late. */
interface CountsSeen {
  /** Absent: there was none yet. */
  readonly readAtMs?: number;
  /** What the source said instead, last. */
  readonly trouble?: string;
}

export type ExceptionsSeen =
  /** `types`: the most frequent first. */
  | { readonly by: "source"; readonly atMs: number; readonly types: readonly ExceptionCount[] }
  | { readonly by: "source"; readonly trouble: string }
  /** There is no source: a person watches, and says so. */
  | { readonly by: "person"; readonly confirmed?: Confirmation };

export interface ExceptionCount {
  readonly type: string;
  readonly count: number;
}

/** The message of this step. */
export interface StatusSeen {
  /** Channels that it is for, and what became of it on each; absent: no message was made. */
  readonly channels?: readonly ChannelSeen[];
}

export interface ChannelSeen {
  readonly name: string;
  readonly kind: string;
  /** When it was delivered. */
  readonly sentAtMs?: number;
  /** It will never be. */
  readonly gaveUp?: true;
  /** Why it was not, or not yet. */
  readonly trouble?: string;
}

/** The guide: "refresh every 30 seconds". */
export const freshMs = 30_000;
/** How long the status of a step may take to be told. */
const tellMs = 120_000;

/** The guide's list while users meet the version, at one look. What is stale, silent or broken is unmet. Pure. */
export function duringChecklist(
  { waived }: Pick<ChecklistConfig, "waived">,
  look: DuringLook,
): readonly ItemStatus[] {
  const findings = {
    "error-rate-fresh": countsFresh(look),
    "exceptions-watched": exceptionsWatched(look),
    "queue-depth": look.queue,
    "health-endpoints": endpointsHealthy(look),
    "status-told": statusTold(look),
    "pause-offered": pauseOffered(look),
  };
  return itemStatuses(duringItems, findings, waived);
}

/** Of a look that was cut short: nothing of it counts. */
export function notLooked({ waived }: Pick<ChecklistConfig, "waived">, why: string): readonly ItemStatus[] {
  const finding = unmet(why, "The next look says more.");
  const findings = Object.fromEntries(duringItems.map((item) => [item, finding]));
  return itemStatuses(duringItems, findings as Record<(typeof duringItems)[number], Found>, waived);
}

function countsFresh({ nowMs, counts: { readAtMs, trouble } }: DuringLook): Found {
  const hint = "See whether the metrics source answers, and whether rollout.look is 30 s or less.";
  const why = trouble === undefined ? "" : ` (${trouble})`;
  if (readAtMs === undefined) return unmet(`the error rate was not read yet${why}`, hint);
  const seconds = Math.round((nowMs - readAtMs) / 1000);
  const age = `the error rate was read ${seconds} s ago`;
  return nowMs - readAtMs <= freshMs ? met(age) : unmet(`${age}, and has to be every 30 s${why}`, hint);
}

function exceptionsWatched({ nowMs, rehearsed, stack, exceptions: seen }: DuringLook): Found {
  const hint = "See whether the source of exceptions answers: rollout.checklist.exceptions.";
  if (seen.by === "person") {
    if (seen.confirmed !== undefined) return vouched(seen.confirmed, seen.confirmed.note);
    if (rehearsed) return rehearsedFinding("a person watches the exceptions");
    return unmet(
      "nothing lists exceptions, and nobody says that they are watched",
      `Whoever watches them says so: ${confirmCommand("exceptions-watched", stack)}; or write rollout.checklist.exceptions.`,
    );
  }
  if ("trouble" in seen) return unmet(`exceptions could not be listed: ${seen.trouble}`, hint);
  const seconds = Math.round((nowMs - seen.atMs) / 1000);
  // Between two answers; more is a source that hangs.
  if (nowMs - seen.atMs > 2 * freshMs)
    return unmet(`exceptions were listed ${seconds} s ago, and not since`, hint);
  return met(exceptionsText(seen.types));
}

function exceptionsText(types: readonly ExceptionCount[]): string {
  if (types.length === 0) return "no exceptions since the step began";
  const top = types.slice(0, 5).map(({ type, count }) => `${type} ${count}`);
  const more = types.length > 5 ? `, and ${types.length - 5} more types` : "";
  return `exceptions since the step began: ${top.join(", ")}${more}`;
}

function endpointsHealthy({ health }: DuringLook): Found {
  const hint = "Look at the endpoints; which they are says rollout.health.";
  const sides = Object.entries(health);
  if (sides.length === 0) return unmet("no health endpoint is asked", hint);
  const ill = sides.flatMap(([side, status]) => {
    if (status.status === "ok") return [];
    return [
      status.status === "unhealthy"
        ? `${side}: HTTP ${status.httpStatus} from ${status.path}`
        : `${side}: no answer (${status.message})`,
    ];
  });
  if (ill.length > 0) return unmet(ill.join("; "), hint);
  return met(`${sides.map(([side]) => side).join(" and ")} answer 200`);
}

function statusTold({ nowMs, sinceMs, rehearsed, told: { channels } }: DuringLook): Found {
  if (rehearsed) return rehearsedFinding("the step's status is told on the channels");
  const hint =
    "Mend the channel (`rollouts announce --pending` sends what is owed), or name one: rollout.notify.";
  if (channels === undefined) return unmet("no message of this step was made", hint);
  const counted = whereItCounts(channels);
  const [sent] = counted.filter(({ sentAtMs }) => sentAtMs !== undefined);
  if (sent !== undefined) return met(`told on ${sent.name}`);
  if (counted.length === 0) return unmet("no channel gets the status of a step", hint);
  const why = counted.map(({ name, trouble = "not delivered" }) => `${name}: ${trouble}`).join("; ");
  const hopeless = counted.every(({ gaveUp }) => gaveUp === true);
  if (!hopeless && nowMs - sinceMs <= tellMs) return met("being sent");
  return unmet(`the status of this step reached nobody: ${why}`, hint);
}

function pauseOffered({ requests }: DuringLook): Found {
  if (requests.read) return met("`rollouts pause` is heard at each look");
  return unmet(
    `what people ask can't be read: ${requests.message}`,
    "Mend the record's folder: pause, approve and abort are heard through it.",
  );
}
