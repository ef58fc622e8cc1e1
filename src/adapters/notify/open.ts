import { assertNever } from "../../lib/assert-never.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import type { Notify } from "../../ports/notify.ts";
import type { NotifyConfig } from "../../types/notify.ts";

/** What channels are opened with. */
export interface NotifyOptions {
  readonly configs: readonly NotifyConfig[];
  readonly runtime: Runtime;
  /** Of the process: a pipeline's commit is found there. */
  readonly env: NodeJS.ProcessEnv;
  /** Who writes annotations; asked for where a channel does. */
  readonly credential?: () => Promise<TokenCredential>;
}

/** The channels of a policy, in order. */
export async function openChannels({ configs, ...rest }: NotifyOptions): Promise<readonly Notify[]> {
  const names = channelNames(configs);
  return await Promise.all(
    configs.map((config, index) => openChannel({ ...rest, config, name: names[index] ?? config.kind })),
  );
}

/** One of a kind is named by it, the second `slack 2`: the journal tells them apart. */
export function channelNames(configs: readonly Pick<NotifyConfig, "kind">[]): readonly string[] {
  return configs.map(({ kind }, index) => {
    const before = configs.slice(0, index).filter((other) => other.kind === kind).length;
    return before === 0 ? kind : `${kind} ${before + 1}`;
  });
}

async function openChannel(
  options: Omit<NotifyOptions, "configs"> & { readonly config: NotifyConfig; readonly name: string },
): Promise<Notify> {
  const { config } = options;
  switch (config.kind) {
    case "log":
      return (await import("./log-notify.ts")).createLogNotify({ ...options, config });
    case "webhook":
      return (await import("./webhook-notify.ts")).createWebhookNotify({ ...options, config });
    case "slack":
      return (await import("./slack-notify.ts")).createSlackNotify({ ...options, config });
    case "teams":
      return (await import("./teams-notify.ts")).createTeamsNotify({ ...options, config });
    case "email":
      return (await import("./email-notify.ts")).createEmailNotify({ ...options, config });
    case "pagerduty":
      return (await import("./pagerduty-notify.ts")).createPagerDutyNotify({ ...options, config });
    case "github-deployments":
      return (await import("./github-deployments.ts")).createGithubDeployments({ ...options, config });
    case "app-insights": {
      const { createAppInsightsNotify } = await import("./app-insights-notify.ts");
      if (options.credential === undefined) throw new Error("annotations are written by an Azure identity");
      return createAppInsightsNotify({ ...options, config, credential: await options.credential() });
    }
    default:
      return assertNever(config, "notify kind");
  }
}
