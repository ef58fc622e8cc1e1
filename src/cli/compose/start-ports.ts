import { openApprovals } from "../../adapters/approval/open.ts";
import { openChange } from "../../adapters/change/open.ts";
import { openRecord } from "../../adapters/registry.ts";
import { promotionsIn } from "../../driver/checks/promoted.ts";
import type { StartPorts } from "../../driver/session.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Approvals } from "../../ports/approval.ts";
import type { ApprovalConfig } from "../../types/approval.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { recordOf } from "./world.ts";

/** What a start asks, of one stack. */
export interface StartAt {
  readonly policy: EnvironmentPolicy;
  readonly stack: string;
  readonly projectDir: string;
  /** Tells the pipeline's own run, where config names none. */
  readonly env: NodeJS.ProcessEnv;
}

/** The sources of approvals and the change system that a policy names, and the journals of the other stacks. */
export async function openStart(at: StartAt, runtime: Runtime): Promise<StartPorts> {
  const { policy, projectDir, env, stack } = at;
  const { approvers, change } = policy;
  const sources = approvers.sources.map((config) =>
    openSource(ofThisRun(config, env), { runtime, projectDir }),
  );
  return {
    stack: lastOf(stack),
    approvals: await Promise.all(sources),
    ...(change === undefined ? {} : { change: await openChange({ config: change, runtime, projectDir }) }),
    promotions: async (stacks) =>
      (await Promise.all(stacks.map((name) => promotedIn(name, at, runtime)))).flat(),
  };
}

/** `prod` of `org/project/prod`: what people write in approvals. */
function lastOf(stack: string): string {
  return stack.split("/").at(-1) ?? stack;
}

/** The other stack's record lies beside this one's. */
async function promotedIn(name: string, { policy, stack, projectDir }: StartAt, runtime: Runtime) {
  const other = [...stack.split("/").slice(0, -1), name].join("/");
  const record = await openRecord({ config: recordOf(policy.record, other), runtime, projectDir });
  return promotionsIn(name, await record.journal.read());
}

/** The run's id only says where to look, so the pipeline's word for it is good enough. */
export function ofThisRun(config: ApprovalConfig, env: NodeJS.ProcessEnv): ApprovalConfig {
  switch (config.kind) {
    case "github":
      return config.runId === "" ? { ...config, runId: env["GITHUB_RUN_ID"] ?? "" } : config;
    case "azure-devops":
      return config.buildId === "" ? { ...config, buildId: env["BUILD_BUILDID"] ?? "" } : config;
    case "signed-files":
      return config;
  }
}

async function openSource(
  config: ApprovalConfig,
  options: { readonly runtime: Runtime; readonly projectDir: string },
): Promise<Approvals> {
  const { kind } = config;
  if (kind === "github" && config.runId === "")
    return runless(kind, "runId, or run in a workflow (GITHUB_RUN_ID)");
  if (kind === "azure-devops" && config.buildId === "") {
    return runless(kind, "buildId, or run in a pipeline (BUILD_BUILDID)");
  }
  return await openApprovals({ config, ...options });
}

/** Not thrown when it is opened: taking a rollout back needs nobody's approval. */
function runless(name: string, what: string): Approvals {
  const message = `nothing says which run's reviews are read: set ${what}`;
  return { name, list: async () => ({ status: "error", message }) };
}
