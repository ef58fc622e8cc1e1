import { judgeEvidence } from "../analysis/checklist-evidence.ts";
import { onCallConfirms, personConfirms } from "../analysis/checklist-people.ts";
import { type Found, met, notApplicable, unmet, waivedAs } from "../analysis/checklist-status.ts";
import { dayMs } from "../analysis/checklist-time.ts";
import { checkWindow } from "../lib/deployment-windows.ts";
import { messageOf } from "../lib/error-message.ts";
import type { Evidence } from "../ports/evidence.ts";
import type { ChangeKind } from "../types/change.ts";
import { type PreItem, preItems } from "../types/checklist.ts";
import type { ItemStatus } from "../types/checklist-status.ts";
import { type PreAsk, type PreFacts, wordOf } from "./checklist-ask.ts";
import { confirmationsOf, stackName } from "./checklist-confirmations.ts";
import { channelOf, dashboardsOf, flagsOf, migrationsOf, revertOf } from "./checklist-sources.ts";
import { changeVerdict } from "./checks/change-request.ts";
import type { DriverDeps } from "./session.ts";

type Look = (ask: PreAsk) => Found | Promise<Found>;

const looks: Readonly<Record<PreItem, Look>> = {
  "change-approved": changeOf,
  "revert-rehearsed": revertOf,
  "on-call": (ask) => onCallConfirms({ ...wordOf(ask), onCall: ask.deps.policy.communication?.onCall }),
  dashboards: dashboardsOf,
  channel: channelOf,
  flags: flagsOf,
  migrations: migrationsOf,
  "load-test": loadTestOf,
  "security-scan": scanOf,
  window: windowOf,
};

/**
 * The items before a start, each with what is known of it; waived ones aren't looked up. What fails while it is looked up
 * is unmet. Nothing is written.
 */
export async function preItemsOf(
  deps: DriverDeps,
  facts: PreFacts,
  items: readonly PreItem[] = preItems,
): Promise<readonly ItemStatus[]> {
  const { checklist: config } = deps.policy;
  if (config === undefined) return [];
  const confirmations = await confirmationsOf(deps.record, facts.version);
  const stack = stackName(deps);
  const ask: PreAsk = { deps, facts, config, confirmations, now: deps.runtime.clock.now(), stack };
  return await Promise.all(items.map(async (item) => ({ item, ...(await found(item, ask)) })));
}

async function found(item: PreItem, ask: PreAsk): Promise<Found> {
  const waived = waivedAs(item, ask.config.waived);
  if (waived !== undefined) return waived;
  try {
    return await looks[item](ask);
  } catch (error) {
    return unmet(`it could not be checked: ${messageOf(error)}`, "Mend that, and ask again.");
  }
}

async function changeOf({ deps, facts, now }: PreAsk): Promise<Found> {
  const { approvals, service, preset } = deps.policy;
  const { change, changeRequest } = facts;
  if (change === "hotfix" || preset === "hotfix") {
    return notApplicable("a hotfix starts without; an emergency change has to follow");
  }
  if (!approvals.cab && changeRequest === undefined) return notApplicable("the stack asks for no change");
  const plan = { service, ...(change === undefined ? {} : { change }) };
  const { ok, message } = await changeVerdict(deps, plan, changeRequest);
  if (ok) return met(message, now);
  return unmet(message, "Have it approved for this service and time, and run with --change-request ID.");
}

/** Loads are tested again where what is served, or how, is another. */
const major: ReadonlySet<ChangeKind | undefined> = new Set(["major-version", "breaking-api"]);

async function loadTestOf(ask: PreAsk): Promise<Found> {
  const { change } = ask.facts;
  if (!major.has(change)) {
    return notApplicable(change === undefined ? "no major change is named (--change)" : `not of a ${change}`);
  }
  const { loadTest } = ask.config;
  if (loadTest === undefined)
    return personConfirms({ ...wordOf(ask), item: "load-test", why: noSource("loadTest") });
  const hint = "Run the load test in staging until it passes.";
  return await proved(ask, ask.deps.checklist?.loadTest, { hint });
}

async function scanOf(ask: PreAsk): Promise<Found> {
  const { securityScan } = ask.config;
  if (securityScan === undefined) {
    return personConfirms({ ...wordOf(ask), item: "security-scan", why: noSource("securityScan") });
  }
  const hint = `Scan this version again into ${securityScan.path}, and mend or suppress what is critical.`;
  const withinMs = securityScan.withinDays * dayMs;
  return await proved(ask, ask.deps.checklist?.securityScan, { hint, withinMs });
}

async function proved(
  { deps, facts, now }: PreAsk,
  source: Evidence | undefined,
  terms: { readonly hint: string; readonly withinMs?: number },
): Promise<Found> {
  if (source === undefined) return unmet("nobody can look it up here", terms.hint);
  const { signal } = deps.runtime;
  const answer = await source.read({ version: facts.version, nowMs: now, signal });
  return judgeEvidence(answer, { now, ...terms });
}

function noSource(key: string): string {
  return `rollout.checklist.${key} names no source`;
}

function windowOf({ deps, facts, now }: PreAsk): Found {
  const { windows, preset } = deps.policy;
  if (windows === undefined) return notApplicable("the stack may start at any time");
  const change = facts.change ?? (preset === "hotfix" ? preset : undefined);
  const verdict = checkWindow({ ...windows, now, ...(change === undefined ? {} : { change }) });
  if (verdict.exempt === true) return notApplicable(verdict.reason);
  if (verdict.open) return met(verdict.reason, now);
  return unmet(verdict.reason, "Start when it opens.");
}
