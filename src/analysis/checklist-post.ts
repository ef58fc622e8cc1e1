import { type PostItem, postItems } from "../types/checklist.ts";
import type { ChecklistConfig } from "../types/checklist-config.ts";
import type { Confirmation, ItemStatus } from "../types/checklist-status.ts";
import type { EvidenceAnswer } from "../types/evidence.ts";
import type { JournalEntry } from "../types/journal.ts";
import type { RolloutPlan } from "../types/plan.ts";
import { judgeEvidence } from "./checklist-evidence.ts";
import { itemStatuses } from "./checklist-items.ts";
import {
  confirmCommand,
  type Found,
  met,
  notApplicable,
  rehearsedFinding,
  unmet,
  vouched,
} from "./checklist-status.ts";

/** A promotion that its list belongs to. Times in ms of the rollout's clock. */
export interface Promoted {
  readonly rolloutId: string;
  readonly plan: RolloutPlan;
  /** Of its last entry. */
  readonly planHash: string;
  readonly step: string;
  readonly begunAtMs: number;
  /** Before that, nothing of it was touched. */
  readonly touchedAtMs: number;
  readonly promotedAtMs: number;
  readonly rehearsed: boolean;
  /** Its list is complete. */
  readonly closed: boolean;
  /** The list as it was written last. */
  readonly items?: readonly ItemStatus[];
}

/**
 * The newest promotion of a journal, where its rollout began with the lists and what it brought was not taken back later.
 * One that a hotfix has overtaken is over: its version serves no more. Pure.
 */
export function lastPromoted(entries: readonly JournalEntry[]): Promoted | undefined {
  const end = entries.findLast(({ kind, data }) => kind === "end" && data["outcome"] === "promoted");
  if (end === undefined) return undefined;
  const own = entries.filter(({ rolloutId }) => rolloutId === end.rolloutId);
  const begin = own.find(({ kind }) => kind === "begin");
  if (begin?.data["checklist"] !== true) return undefined;
  const takenBack = entries.some(
    ({ kind, seq, data }) =>
      kind === "end" &&
      seq > end.seq &&
      data["identity"] !== undefined &&
      data["outcome"] === "reverted" &&
      data["identity"] === end.data["identity"],
  );
  if (takenBack) return undefined;
  const written = own.map(({ data }) => Object(data["checklist"])).filter(({ phase }) => phase === "post");
  const touched = own.find(({ state }) => state === "applying") ?? end;
  const items = written.at(-1)?.items as readonly ItemStatus[] | undefined;
  return {
    rolloutId: end.rolloutId,
    plan: begin.data["plan"] as RolloutPlan,
    planHash: end.planHash,
    step: end.step,
    begunAtMs: Date.parse(begin.at),
    touchedAtMs: Date.parse(touched.at),
    promotedAtMs: Date.parse(end.at),
    rehearsed: begin.data["rehearsed"] === true,
    closed: written.some(({ closed }) => closed === true),
    ...(items === undefined ? {} : { items }),
  };
}

/** What was read for the list after a promotion. */
export interface PostLook {
  readonly promoted: Promoted;
  readonly nowMs: number;
  /** As `--stack` takes it. */
  readonly stack: string;
  readonly confirmations: readonly Confirmation[];
  readonly metrics: Found;
  /** Absent: no smoke test is configured. */
  readonly smoke?: EvidenceAnswer;
  /** None: no uptime check is configured. */
  readonly synthetics: readonly SyntheticAnswer[];
  readonly candidate: CandidateSeen;
}

export interface SyntheticAnswer {
  readonly name: string;
  readonly answer: EvidenceAnswer;
}

/** What is left of the candidate; a text: why that can't be told. */
export type CandidateSeen = { readonly inRecord: boolean; readonly inRoute: boolean } | string;

/** The guide's list after a deployment. What is stale, silent or can't be read is unmet. Pure. */
export function postChecklist(
  { waived }: Pick<ChecklistConfig, "waived">,
  look: PostLook,
): readonly ItemStatus[] {
  const { promotedAtMs, begunAtMs } = look.promoted;
  const found = {
    "metrics-at-baseline": look.metrics,
    smoke: smokeOf(look),
    synthetics: syntheticsOf(look),
    runbook: saidOf(look, { item: "runbook", sinceMs: begunAtMs, ...words.runbook }),
    lessons: saidOf(look, { item: "lessons", sinceMs: begunAtMs, ...words.lessons }),
    "candidate-gone": candidateGone(look),
  };
  return itemStatuses(postItems, found, waived).map((one) =>
    one.status === "met" && one.at === undefined
      ? { ...one, at: new Date(Math.max(look.nowMs, promotedAtMs)).toISOString() }
      : one,
  );
}

const words = {
  smoke: {
    why: "no smoke test is configured (rollout.checklist.smoke), and nobody says that one passed",
    rehearsed: "a person has run the smoke test",
  },
  synthetics: {
    why: "no uptime check is configured (rollout.checklist.synthetics), and nobody says that they pass",
    rehearsed: "a person has looked at the uptime checks",
  },
  runbook: {
    why: 'nobody says that the runbook is up to date, or "none" where nothing is new',
    rehearsed: "a person has updated the runbook",
  },
  lessons: {
    why: "nobody has written down what was learned",
    rehearsed: "a person has written down what was learned",
  },
} as const;

interface Word {
  readonly item: PostItem;
  /** What was said earlier is of another time. */
  readonly sinceMs: number;
  readonly why: string;
  readonly rehearsed: string;
}

/** A person's word, with a note: an empty one says nothing. */
function saidOf(look: PostLook, { item, sinceMs, why, rehearsed }: Word): Found {
  const said = look.confirmations
    .filter((one) => one.item === item && one.note.trim() !== "" && Date.parse(one.at) >= sinceMs)
    .at(-1);
  if (said !== undefined) return vouched(said, said.note.trim());
  if (look.promoted.rehearsed) return rehearsedFinding(rehearsed);
  return unmet(why, `${confirmCommand(item, look.stack)} with \`--note TEXT\`.`);
}

/** Once passed, it has passed: a test writes, and isn't run again at each look. */
function smokeOf(look: PostLook): Found {
  const { smoke, promoted, nowMs } = look;
  const before = promoted.items?.find(({ item, status }) => item === "smoke" && status === "met");
  if (before !== undefined) {
    const { item: _, ...found } = before;
    return found;
  }
  if (smoke === undefined)
    return saidOf(look, { item: "smoke", sinceMs: promoted.promotedAtMs, ...words.smoke });
  const hint = "Look at what fails in production; it is run again by the next look.";
  return judgeEvidence(smoke, { now: nowMs, withinMs: Math.max(0, nowMs - promoted.promotedAtMs), hint });
}

function syntheticsOf(look: PostLook): Found {
  const { synthetics, promoted, nowMs } = look;
  if (synthetics.length === 0)
    return saidOf(look, { item: "synthetics", sinceMs: promoted.promotedAtMs, ...words.synthetics });
  const hint = "Look at the check, there and here; it is asked again by the next look.";
  const judged = synthetics.map(({ name, answer }) => ({
    name,
    found: judgeEvidence(answer, { now: nowMs, hint }),
  }));
  const failed = judged.filter(({ found }) => found.status !== "met");
  const said = (all: typeof judged) => all.map(({ name, found }) => `${name}: ${found.evidence}`).join("; ");
  return failed.length === 0 ? met(said(judged)) : unmet(said(failed), hint);
}

/** Only a canary stands beside stable: all other versions come in its place, or keep the side that was there. */
function candidateGone({ promoted, candidate }: PostLook): Found {
  if (!promoted.plan.steps.some(({ kind }) => kind === "promote-clean"))
    return notApplicable(`nothing stands beside stable after ${promoted.plan.strategy}`);
  const hint =
    "See what is left: `rollouts status`, `pulumi preview`; `rollouts recover` where a lock stands.";
  if (typeof candidate === "string") return unmet(`the candidate can't be looked for: ${candidate}`, hint);
  const left = [
    ...(candidate.inRecord ? ["the stack still has it"] : []),
    ...(candidate.inRoute ? ["the route still leads to it"] : []),
  ];
  if (left.length > 0) return unmet(`the candidate is not gone: ${left.join(", ")}`, hint);
  return met("neither stack nor route has a candidate");
}
