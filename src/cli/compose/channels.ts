import { openChannels } from "../../adapters/notify/open.ts";
import type { Notify } from "../../ports/notify.ts";
import type { CommandContext } from "../command.ts";
import type { StackAt } from "../world.ts";
import { openPolicy, pulumiCli } from "./secrets.ts";

/** What messages are sent with, without a driver. */
export interface Teller {
  readonly notify: readonly Notify[];
  readonly secrets: readonly string[];
}

/** The channels of a stack. An engine is only looked for where the file keeps something encrypted. */
export async function openTeller(at: StackAt, context: CommandContext): Promise<Teller> {
  const { env, runtime, talk } = context;
  const engine = async (args: readonly string[]) => {
    const { acquireEngine } = await import("../../adapters/engine/acquire.ts");
    const found = await acquireEngine({ env, log: (line) => talk.line(line), signal: runtime.signal });
    return await pulumiCli(found.pulumi, env)(args);
  };
  const { policy, secrets } = await openPolicy(at, engine);
  talk.addSecrets(secrets);
  return { notify: await openChannels({ configs: policy.notify, runtime, env }), secrets };
}
