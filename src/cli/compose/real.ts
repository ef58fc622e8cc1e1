import { acquireEngine } from "../../adapters/engine/acquire.ts";
import { createAutomationEngine } from "../../adapters/engine/automation.ts";
import { openRecord } from "../../adapters/registry.ts";
import { anchored } from "../../driver/anchor.ts";
import type { DriverDeps } from "../../driver/session.ts";
import { journalName } from "../../lib/journal-chain.ts";
import type { Engine } from "../../ports/engine.ts";
import type { JournalEntry } from "../../types/journal.ts";
import type { Platform } from "../../types/slots.ts";
import type { CommandContext } from "../command.ts";
import type { EngineGuard, StackAt } from "../world.ts";
import { openMessages } from "./channels.ts";
import { openChecklist } from "./checklist-ports.ts";
import { openExceptionsOf } from "./checklist-sources.ts";
import { openGuardrails } from "./guardrails.ts";
import { openPorts } from "./ports.ts";
import { loadProgram, nodePoolProviderFile, slotProviderFile } from "./program.ts";
import { openPolicy, pulumiCli } from "./secrets.ts";
import { openStart } from "./start-ports.ts";
import { openTotals } from "./totals.ts";
import { workFolder } from "./work-folder.ts";
import { recordOf } from "./world.ts";

/**
 * The composition root of a real stack: the user's engine, backend and login, their program, and the adapters that
 * the policy names. Throws RolloutErrors before anything is touched.
 */
export async function composeReal(
  at: StackAt,
  context: CommandContext,
  observer: (entry: JournalEntry) => void,
): Promise<DriverDeps> {
  const { projectDir, stack, config } = at;
  const { env, runtime, talk } = context;
  const program = await loadProgram({ projectDir, main: config.main });
  const found = await acquireEngine({ env, log: (line) => talk.line(line), signal: runtime.signal });
  const { policy, secrets } = await openPolicy(at, pulumiCli(found.pulumi, env));
  talk.addSecrets(secrets);
  const workDir = workFolder();
  const engineVersion = found.version;
  const engine = createAutomationEngine({
    program,
    stack,
    project: config.project,
    projectDir,
    workDir,
    ...openGuardrails(policy, { projectDir, folder: workDir, engineVersion }),
    pulumi: found.pulumi,
    // Added to this process's own environment: backend, login and plugins stay the user's.
    env: {
      PULUMI_SKIP_UPDATE_CHECK: "true",
      ...providersOf(policy.platform),
    },
    runtime,
    secrets,
  });
  const [ports, totals, record, messages, start, checklist, listed] = await Promise.all([
    openPorts(policy, runtime, { projectDir, env }),
    // What promises nothing has no budget to ask for.
    policy.gates.slo === undefined ? undefined : openTotals(policy, runtime),
    openRecord({
      config: recordOf(policy.record, stack),
      name: journalName({ project: config.project, stack }),
      runtime,
      projectDir,
    }),
    openMessages(policy, runtime, env),
    openStart({ policy, stack, projectDir, env }, runtime),
    openChecklist({ policy, stack, projectDir, env }, runtime),
    openExceptionsOf(policy, runtime, { projectDir }),
  ]);
  const tracked = trackEngine(engine, context.interrupts);
  const counted = totals === undefined ? {} : { totals };
  return {
    ...anchored({ engine: tracked, record }),
    ...ports,
    ...counted,
    ...messages,
    start,
    ...(checklist === undefined ? {} : { checklist }),
    ...listed,
    runtime,
    policy,
    secrets,
    observer,
  };
}

/** Where the engine's own process finds what serves our dynamic resources. */
function providersOf(platform: Platform): Record<string, string> {
  switch (platform) {
    case "app-service":
      return { PULUMI_ROLLOUTS_SLOT_PROVIDER: slotProviderFile };
    case "node-pools":
      return { PULUMI_ROLLOUTS_NODE_POOL_PROVIDER: nodePoolProviderFile };
    case "kubernetes":
    case "app-configuration":
      return {};
  }
}

/** Every call of the engine is known to the interrupts: it gets a terminal's Ctrl-C too. */
function trackEngine(engine: Engine, guard: EngineGuard): Engine {
  return {
    preview: (options) => guard.track(engine.preview(options)),
    up: (options) => guard.track(engine.up(options)),
    deployed: () => guard.track(engine.deployed()),
    recover: (options) => guard.track(engine.recover(options)),
  };
}
