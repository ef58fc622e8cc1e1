import { metricsAtBaseline, type ServiceCounts, serviceCounts } from "../analysis/checklist-baseline.ts";
import { itemsText, openItems } from "../analysis/checklist-items.ts";
import {
  type CandidateSeen,
  lastPromoted,
  type PostLook,
  type Promoted,
  postChecklist,
  type SyntheticAnswer,
} from "../analysis/checklist-post.ts";
import { type Found, notApplicable, rehearsedFinding } from "../analysis/checklist-status.ts";
import { iso } from "../analysis/checklist-time.ts";
import { messageOf } from "../lib/error-message.ts";
import type { Evidence } from "../ports/evidence.ts";
import type { Metrics } from "../ports/metrics.ts";
import type { ItemStatus } from "../types/checklist-status.ts";
import type { EvidenceAnswer } from "../types/evidence.ts";
import type { JournalEntry } from "../types/journal.ts";
import { append } from "./append.ts";
import { confirmationsOf, stackName } from "./checklist-confirmations.ts";
import type { LeaseKeeper } from "./lease-keeper.ts";
import type { Outcome } from "./outcome.ts";
import type { DriverDeps, Session } from "./session.ts";

/** The list of the newest promotion. */
export interface PostItems {
  readonly rolloutId: string;
  readonly version: string;
  /** Nothing of it is open, and the journal says so. */
  readonly closed: boolean;
  readonly items: readonly ItemStatus[];
}

/** The span that is compared now, and the one before the start, ms. */
const nowSpanMs = 900_000;
const beforeSpanMs = 3_600_000;

/**
 * The list after the newest promotion, as it is now; of one that is closed, as it was closed. Writes nothing. Undefined: no
 * promotion has a list, or the stack has none.
 */
export async function postItemsOf(
  deps: DriverDeps,
  entries: readonly JournalEntry[],
): Promise<PostItems | undefined> {
  const { checklist } = deps.policy;
  const promoted = checklist === undefined ? undefined : lastPromoted(entries);
  if (checklist === undefined || promoted === undefined) return undefined;
  const { rolloutId, plan, closed } = promoted;
  if (closed) return { rolloutId, version: plan.to, closed, items: promoted.items ?? [] };
  const items = postChecklist(checklist, await lookAfter(deps, promoted));
  return { rolloutId, version: plan.to, closed, items };
}

/**
 * The same, written into the journal under that rollout where it is news; complete, it is closed by that. Under the
 * lease: by the driver that has promoted, and by whoever starts the next rollout.
 */
export async function closePost(
  deps: DriverDeps,
  lease: Pick<LeaseKeeper, "token">,
): Promise<PostItems | undefined> {
  const entries = await deps.record.journal.read();
  const list = await postItemsOf(deps, entries);
  const promoted = lastPromoted(entries);
  if (list === undefined || promoted === undefined || list.closed) return list;
  const { items, rolloutId } = list;
  const closed = openItems(items).length === 0;
  if (!closed && promoted.items !== undefined && itemsText(items) === itemsText(promoted.items)) return list;
  const { planHash, step } = promoted;
  const data = { checklist: { phase: "post", items, closed } };
  const at = { rolloutId, planHash, step, state: "completed", leaseToken: lease.token } as const;
  await append(deps, { ...at, kind: "observed", data });
  return { ...list, closed };
}

/** The outcome with what is still open. What goes wrong here is no reason to doubt a promotion. */
export async function withPost(
  { deps, lease, outbox }: Pick<Session, "deps" | "lease" | "outbox">,
  outcome: Outcome,
): Promise<Outcome> {
  if (outcome.outcome !== "promoted" || deps.policy.checklist === undefined) return outcome;
  // Whom it was promised to hears of the promotion first.
  await outbox?.flush();
  try {
    const list = await closePost(deps, lease);
    const open = openItems(list?.items ?? []);
    return open.length === 0 ? outcome : { ...outcome, open };
  } catch (error) {
    deps.runtime.logger.warn(`the checklist after the rollout could not be looked up: ${messageOf(error)}`);
    return outcome;
  }
}

async function lookAfter(deps: DriverDeps, promoted: Promoted): Promise<PostLook> {
  const nowMs = deps.runtime.clock.now();
  const { smoke, synthetics = [] } = promoted.rehearsed ? {} : (deps.checklist ?? {});
  const configured = deps.policy.checklist;
  const passed = promoted.items?.some(({ item, status }) => item === "smoke" && status === "met");
  const asked = { version: promoted.plan.to, nowMs };
  const [confirmations, metrics, smoked, monitored, candidate] = await Promise.all([
    confirmationsOf(deps.record, promoted.plan.to),
    metricsOf(deps, promoted, nowMs),
    smoke === undefined || passed === true ? undefined : proof(deps, smoke, asked),
    Promise.all(
      synthetics.map(
        async (one): Promise<SyntheticAnswer> => ({ name: one.name, answer: await proof(deps, one, asked) }),
      ),
    ),
    candidateOf(deps, promoted),
  ]);
  const unopened = !promoted.rehearsed && deps.checklist === undefined;
  return {
    promoted,
    nowMs,
    stack: stackName(deps),
    confirmations,
    metrics,
    ...(smoked === undefined ? {} : { smoke: smoked }),
    ...(unopened && configured?.smoke !== undefined ? { smoke: nobody } : {}),
    synthetics:
      unopened && configured?.synthetics.length ? [{ name: "synthetics", answer: nobody }] : monitored,
    candidate,
  };
}

/** What is configured and was not opened has not been asked: that is no leave for a person's word. */
const nobody: EvidenceAnswer = { status: "error", message: "nobody can look it up here" };

async function proof(
  { runtime }: DriverDeps,
  source: Evidence,
  asked: { readonly version: string; readonly nowMs: number },
): Promise<EvidenceAnswer> {
  return await source
    .read({ ...asked, signal: runtime.signal })
    .catch((error: unknown) => ({ status: "error", message: messageOf(error) }));
}

async function metricsOf(deps: DriverDeps, promoted: Promoted, nowMs: number): Promise<Found> {
  const { plan, touchedAtMs } = promoted;
  if (plan.steps.some(({ kind }) => kind === "install"))
    return notApplicable("the first version: nothing served before it");
  const { minRequests, p95 } = plan.gates;
  const source = deps.metricsFor?.(plan) ?? deps.metrics;
  const thresholdMs = p95.limitMs;
  const count = (fromMs: number, toMs: number) => countsOf(deps, source, { fromMs, toMs, thresholdMs });
  const [before, now] = await Promise.all([
    count(touchedAtMs - beforeSpanMs, touchedAtMs),
    count(nowMs - nowSpanMs, nowMs),
  ]);
  // A sandbox has no hour before its start.
  if (promoted.rehearsed && tooFew(before, minRequests))
    return rehearsedFinding("metrics are compared with those before the start");
  return metricsAtBaseline({ before, now, minRequests, thresholdMs });
}

function tooFew(counts: ServiceCounts | string, minRequests: number): boolean {
  return typeof counts === "string" || counts.requests < minRequests;
}

/** The whole service: whichever of the two versions served it then. */
async function countsOf(
  { runtime }: DriverDeps,
  source: Metrics,
  span: { readonly fromMs: number; readonly toMs: number; readonly thresholdMs: number },
): Promise<ServiceCounts | string> {
  const { fromMs, toMs, thresholdMs } = span;
  const query = { sinceMs: fromMs, nowMs: toMs, thresholdsMs: [thresholdMs], signal: runtime.signal };
  try {
    const answer = await source.observe(query);
    if (answer.status !== "value") return answer.message;
    const { candidate, stable, binMs, watermarkMs } = answer;
    // Counts of minutes ago say what was then.
    if (toMs - watermarkMs > nowSpanMs / 2) return `the newest complete data is of ${iso(watermarkMs)}`;
    const bins = [...candidate.bins, ...stable.bins];
    return serviceCounts(bins, { fromMs, toMs: Math.min(toMs, watermarkMs), binMs, thresholdMs });
  } catch (error) {
    return messageOf(error);
  }
}

async function candidateOf(deps: DriverDeps, { plan }: Promoted): Promise<CandidateSeen> {
  const lever = deps.leverFor?.(plan.identity) ?? deps.lever;
  try {
    const [deployed, route] = await Promise.all([deps.engine.deployed(), lever.read(deps.runtime.signal)]);
    return { inRecord: deployed.record?.candidate !== undefined, inRoute: route.hasCandidate };
  } catch (error) {
    return messageOf(error);
  }
}
