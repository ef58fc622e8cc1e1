import type { PreviewResult } from "../ports/engine.ts";
import type { ResourceChange, Target } from "../types/engine.ts";
import { sayAdvice } from "./advice.ts";
import { takeBaseline } from "./baseline.ts";
import type { EffectResult } from "./effect.ts";
import { sayCohort } from "./flag-cohort.ts";
import { foreignFlag, noteMeant, observeFlagBaseline } from "./flag-drift.ts";
import { flagPart, leverNow } from "./part.ts";
import { journal, type Session } from "./session.ts";
import { upUnlocked } from "./up-unlocked.ts";

const leavesOldVersion: ReadonlySet<string> = new Set(["promote-stable", "roll", "direct", "settle"]);
const configMap = "kubernetes:core/v1:ConfigMap";
const agentPool = "azure-native:containerservice:AgentPool";

/**
 * Takes the stack to the state's step: foreign change? preview under policies, then the update. The journal has
 * the intent before and the effect after.
 */
export async function stepForward(session: Session, signal: AbortSignal): Promise<EffectResult> {
  const { deps, state, plan } = session;
  const flag = flagPart(session);
  if (flag !== undefined && plan.steps.some(({ id, kind }) => id === state.step && kind === "dark"))
    return await observeFlagBaseline(session, flag);
  const target = targetOf(session);
  const changed = (await foreignUpdate(session)) ?? (flag && (await foreignFlag(session, flag)));
  if (changed !== undefined) return { ok: false, kind: "foreign-change", message: changed };
  if (flag !== undefined) await sayCohort(session, flag);
  const preview = await deps.engine.preview({ target });
  const refusal = refuse(session, preview);
  if (refusal !== undefined) return { ok: false, ...refusal };
  await sayAdvice(session, preview.violations);
  if (!(await session.lease.held()))
    return { ok: false, kind: "lease-lost", message: "the lease was lost before the update" };
  await journal(session, "intent", {
    effect: "up",
    step: state.step,
    from: plan.from,
    to: plan.to,
    changes: preview.summary,
  });
  const result = await upUnlocked(session, { target, signal });
  if (!result.ok) {
    await journal(session, "effect", {
      effect: "up",
      ok: false,
      ms: result.durationMs,
      failure: result.failure,
    });
    return { ok: false, kind: result.failure.kind, message: result.failure.message };
  }
  const after = await deps.engine.deployed();
  session.lastHash = after.hash;
  noteMeant(session, after);
  await journal(session, "effect", {
    effect: "up",
    ok: true,
    ms: result.durationMs,
    summary: result.summary,
    stateHash: after.hash,
  });
  return { ok: true };
}

function targetOf({ plan, state, baseline }: Session): Target {
  const replicas = baseline?.stableReplicas;
  return {
    kind: "step",
    version: plan.to,
    step: state.step,
    ...(replicas === undefined ? {} : { stableReplicas: replicas }),
  };
}

/** A stack that isn't as our last update left it is not written over blindly. */
async function foreignUpdate(session: Session): Promise<string | undefined> {
  if (session.lastHash === undefined) return undefined;
  const now = await session.deps.engine.deployed();
  if (now.hash === session.lastHash) return undefined;
  return `the stack was changed by somebody else since the last step (state ${session.lastHash.slice(0, 12)} is now ${now.hash.slice(0, 12)})`;
}

function refuse(
  { state, baseline }: Session,
  preview: PreviewResult,
): { kind: string; message: string } | undefined {
  const mandatory = preview.violations.filter((violation) => violation.level === "mandatory");
  if (mandatory.length > 0) {
    const list = mandatory.map((violation) => `${violation.policy}: ${violation.message}`).join("; ");
    return { kind: "policy", message: `the preview violates ${list}` };
  }
  if (baseline?.record === undefined) return undefined;
  const unsafe = preview.changes.filter(
    (change) =>
      change.op.includes("replace") || (change.op.startsWith("delete") && !mayDelete(state.step, change)),
  );
  if (unsafe.length === 0) return undefined;
  const list = unsafe.map(({ op, urn }) => `${op} ${urn.split("::").slice(-2).join(" ")}`).join(", ");
  return {
    kind: "preview",
    message: `step ${state.step} would ${list}: a step of a rollout only creates and updates`,
  };
}

/**
 * What a step's update may delete: the one that removes the candidate anything; those that leave nobody on the old
 * version its ConfigMap, or its nodes. An update deletes last: the pods that read it are gone by then.
 */
function mayDelete(step: string, { type }: ResourceChange): boolean {
  if (type === agentPool) return step === "settle";
  return step === "promote-clean" || (type === configMap && leavesOldVersion.has(step));
}

/** What the stack is before the first step; the yardstick of a revert. */
export async function observeBaseline(session: Session): Promise<EffectResult> {
  const { deps, options } = session;
  const deployed = await deps.engine.deployed();
  if (deployed.pendingOperations.length > 0) {
    const list = deployed.pendingOperations.join(", ");
    return {
      ok: false,
      kind: "PendingOperations",
      message: `an earlier update was cut off (${list}): \`pulumi refresh\` first`,
    };
  }
  if (options.unversioned.length > 0 && !options.allowUnversioned) {
    const list = options.unversioned.join(", ");
    return {
      ok: false,
      kind: "UnversionedChanges",
      message: `besides the version, the program would change ${list}: apply that first, or allow it with --allow-unversioned`,
    };
  }
  if (deployed.record === undefined) return await takeBaseline(session, deployed, {});
  const { ready, stable } = await leverNow(session).read();
  // Told now and not after the last soak, when the promotion would have to hold.
  if (stable === undefined && session.plan.steps.some(({ kind }) => kind === "promote-stable")) {
    const message =
      "stable's Deployment can't be read, and the promotion has to see that all of it is new: the driver needs `get` on deployments";
    return { ok: false, kind: "PreflightFailed", message };
  }
  const replicas = ready?.stable ?? 0;
  return await takeBaseline(session, deployed, replicas === 0 ? {} : { stableReplicas: replicas });
}
