import { isAbsolute, join } from "node:path";
import { openCandidate } from "../../adapters/open-candidate.ts";
import { sideLabels } from "../../components/render/names.ts";
import { messageOf } from "../../lib/error-message.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Candidate } from "../../ports/candidate.ts";
import type { Metrics } from "../../ports/metrics.ts";
import type { RolloutPlan } from "../../types/plan.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import type { CommandContext } from "../command.ts";
import type { StackAt } from "../world.ts";
import { openCounts } from "./metrics-ports.ts";
import { openPolicyAlone } from "./secrets.ts";
import { recordOf } from "./world.ts";

/** What an evidence bundle is collected with, beside the journal. */
export interface EvidencePorts {
  /** Folder of the stack's bundles. */
  readonly dir: string;
  /** Everything to mask in what is collected. */
  readonly secrets: readonly string[];
  /** Absent: `notes` or `problems` say why. */
  readonly metrics?: Metrics;
  readonly candidate?: Candidate;
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

/** The sources of a stack's evidence. An engine is only looked for where the file keeps something encrypted. */
export async function openEvidence(
  at: StackAt,
  context: CommandContext,
  plan: RolloutPlan,
): Promise<EvidencePorts> {
  const { runtime } = context;
  const { policy, secrets } = await openPolicyAlone(at, context);
  const { dir } = recordOf(policy.record, at.stack);
  const counted = await openCounted(policy, runtime, plan);
  const candidate = await openCandidate(policy.lever, sideLabels(policy.service, "canary"));
  const none = `candidate: ${policy.lever.kind} has no pods and logs that could be read here`;
  return {
    dir: join(isAbsolute(dir) ? dir : join(at.projectDir, dir), "evidence"),
    secrets,
    ...counted.ports,
    ...(candidate === undefined ? {} : { candidate }),
    notes: [...counted.notes, ...(candidate === undefined ? [none] : [])],
    problems: counted.problems,
  };
}

async function openCounted(
  policy: EnvironmentPolicy,
  runtime: Runtime,
  plan: RolloutPlan,
): Promise<Pick<EvidencePorts, "notes" | "problems"> & { readonly ports: Pick<EvidencePorts, "metrics"> }> {
  if (policy.metrics.kind === "sandbox")
    return { ports: {}, notes: ["metrics.json: the stack has no source of counts"], problems: [] };
  try {
    const { metrics, metricsFor } = await openCounts(policy, runtime);
    return { ports: { metrics: metricsFor?.(plan) ?? metrics }, notes: [], problems: [] };
  } catch (error) {
    return { ports: {}, notes: [], problems: [`metrics.json: ${messageOf(error)}`] };
  }
}
