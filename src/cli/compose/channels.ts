import { ambientCredential } from "../../adapters/ambient-credential.ts";
import { openIncidents } from "../../adapters/incident/open.ts";
import { openChannels } from "../../adapters/notify/open.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Incidents } from "../../ports/incident.ts";
import type { Notify } from "../../ports/notify.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import type { CommandContext } from "../command.ts";
import type { StackAt } from "../world.ts";
import { openPolicyAlone } from "./secrets.ts";

/** What messages are sent with, without a driver. */
export interface Teller {
  readonly notify: readonly Notify[];
  /** Absent: no incident system is configured. */
  readonly incidents?: Incidents;
  readonly secrets: readonly string[];
}

/** The channels of a stack. An engine is only looked for where the file keeps something encrypted. */
export async function openTeller(at: StackAt, context: CommandContext): Promise<Teller> {
  const { env, runtime } = context;
  const { policy, secrets } = await openPolicyAlone(at, context);
  return { ...(await openMessages(policy, runtime, env)), secrets };
}

/** Channels and incident system of a policy. */
export async function openMessages(
  { notify, incident }: EnvironmentPolicy,
  runtime: Runtime,
  env: NodeJS.ProcessEnv,
): Promise<Pick<Teller, "notify" | "incidents">> {
  const channels = await openChannels({ configs: notify, runtime, env, credential: ambientCredential });
  if (incident === undefined) return { notify: channels };
  return { notify: channels, incidents: await openIncidents(incident, runtime) };
}
