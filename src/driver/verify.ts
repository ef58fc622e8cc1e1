import { total } from "../analysis/windows.ts";
import { messageOf } from "../lib/error-message.ts";
import type { PreviewResult } from "../ports/engine.ts";
import type { EffectResult } from "./effect.ts";
import { switchedOff } from "./flag-drift.ts";
import { differences, hashByUrn } from "./inputs.ts";
import { flagPart, leverNow } from "./part.ts";
import { journal, type Session } from "./session.ts";

/**
 * A revert is done when all of it is true: the exported inputs equal the baseline's, the route is read back
 * without the candidate and stable is ready in its old number, and a preview with refresh shows only `same`. Then the error
 * rate is looked at for a while and said, whatever it is.
 */
export async function verifyRevert(session: Session): Promise<EffectResult> {
  const problems = [
    ...(await stateDiffers(session)),
    ...(await stableDiffers(session)),
    ...(await previewDiffers(session)),
  ];
  session.stateEqual = problems.length === 0;
  if (problems.length > 0) {
    await journal(session, "effect", { effect: "verified", ok: false, problems });
    if (flagPart(session) === undefined && (await switchedOff(session).catch(() => false))) {
      const message = `the code is back, and the flag stays off as somebody has switched it; the stack has it open: ${problems.join("; ")}`;
      return { ok: false, kind: "flag-foreign", message };
    }
    return { ok: false, kind: "verify", message: problems.join("; ") };
  }
  await sayErrorRate(session);
  return { ok: true };
}

async function stateDiffers(session: Session): Promise<readonly string[]> {
  const { baseline, deps } = session;
  const deployed = await deps.engine.deployed();
  const found =
    baseline === undefined || deployed.hash === baseline.hash
      ? []
      : differences(baseline.byUrn, hashByUrn(deployed.inputs));
  const equal = deployed.hash === baseline?.hash;
  await journal(session, "effect", { effect: "state-equal", ok: equal, differences: found });
  if (equal) return [];
  return [`the stack differs from its baseline: ${found.slice(0, 5).join(", ") || "no baseline is known"}`];
}

/** What isn't live yet gets the plan's time: its pods may still be coming back. */
export async function previewDiffers(session: Session): Promise<readonly string[]> {
  const { baseline, deps, plan } = session;
  if (baseline?.record === undefined) return [];
  const target = { kind: "release", version: plan.to, release: baseline.record } as const;
  const { clock } = deps.runtime;
  const deadline = clock.now() + plan.timeouts.verifySeconds * 1000;
  let preview = await deps.engine.preview({ target, refresh: true });
  while (onlyNotLive(preview) && clock.now() < deadline) {
    await clock.sleep(1000);
    preview = await deps.engine.preview({ target, refresh: true });
  }
  const changes = preview.changes.map(({ op, urn }) => `${op} ${urn.split("::").slice(-2).join(" ")}`);
  await journal(session, "effect", {
    effect: "preview-same",
    ok: changes.length === 0,
    summary: preview.summary,
    changes,
  });
  return changes.length === 0 ? [] : [`a preview with refresh still shows ${changes.slice(0, 5).join(", ")}`];
}

function onlyNotLive({ changes }: PreviewResult): boolean {
  return changes.length > 0 && changes.every(({ notLive }) => notLive !== undefined);
}

/** Route and readiness, within the plan's time: pods of stable may still be coming back. */
async function stableDiffers(session: Session): Promise<readonly string[]> {
  const { deps, plan, baseline } = session;
  const { clock } = deps.runtime;
  const deadline = clock.now() + plan.timeouts.verifySeconds * 1000;
  const wanted = baseline?.stableReplicas ?? 1;
  const what =
    flagPart(session) === undefined ? "the route still names the candidate" : "the flag is still open";
  let problem = "";
  for (;;) {
    const seen = await leverNow(session)
      .read()
      .then(
        (route) => ({ route }),
        (error: unknown) => ({ failed: messageOf(error) }),
      );
    problem =
      "failed" in seen ? `it can't be read back: ${seen.failed}` : routeProblem(seen.route, wanted, what);
    if (problem === "" || clock.now() >= deadline) break;
    await clock.sleep(1000);
  }
  await journal(session, "effect", {
    effect: "stable-verified",
    ok: problem === "",
    ...(problem ? { message: problem } : {}),
  });
  return problem === "" ? [] : [problem];
}

function routeProblem(
  route: { exposure: number; hasCandidate: boolean; ready?: { stable: number } },
  wanted: number,
  what: string,
): string {
  if (route.exposure !== 0 || route.hasCandidate) return `${what} at ${route.exposure} %`;
  const ready = route.ready?.stable;
  if (ready !== undefined && ready < wanted) return `stable has ${ready} of ${wanted} replicas ready`;
  return "";
}

/** Watches stable's error rate after the revert and says it, also where it is still high or unknown. */
async function sayErrorRate(session: Session): Promise<void> {
  const { deps, plan } = session;
  const { clock } = deps.runtime;
  const sinceMs = clock.now();
  await clock.sleep(plan.timeouts.afterRevertSeconds * 1000);
  const answer = await deps.metrics.observe({
    sinceMs,
    nowMs: clock.now(),
    thresholdsMs: [plan.gates.p95.limitMs],
  });
  const limit = plan.gates.errorRate.limitPercent;
  if (answer.status !== "value") {
    await journal(session, "effect", {
      effect: "error-rate",
      ok: false,
      message: `error rate unknown: ${answer.message}`,
    });
    return;
  }
  const window = total(answer.stable.bins, sinceMs, answer.watermarkMs);
  if (window.n === 0) {
    await journal(session, "effect", {
      effect: "error-rate",
      ok: false,
      message: "error rate unknown: no requests",
    });
    return;
  }
  const percent = Math.round((window.errors * 1e6) / window.n) / 1e4;
  const high = window.errors * 100 > limit * window.n;
  const message = high
    ? `the error rate is still high: ${percent} % of ${window.n} requests, limit ${limit} %`
    : `error rate back at ${percent} % of ${window.n} requests`;
  await journal(session, "effect", { effect: "error-rate", ok: !high, percent, requests: window.n, message });
}
