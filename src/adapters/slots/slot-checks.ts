import type { Runtime } from "../../lib/runtime.ts";
import { queueCheck, secretCheck } from "./check-azure.ts";
import { commandCheck } from "./check-command.ts";
import { httpCheck } from "./check-http.ts";
import { passwordsIn, postgresCheck } from "./check-postgres.ts";
import type { TokenCredential } from "./credential.ts";
import type { SlotAddress } from "./slots-api.ts";
import type { SlotCheck } from "./validate-slot.ts";

/** What is validated before a swap. Health and readiness always are; the rest where it is named. */
export interface SlotValidationConfig {
  /** Paths on the idle slot. Defaults: `/health/live`, `/health/ready`. */
  readonly healthPath?: string;
  readonly readyPath?: string;
  /** Program and arguments; finds the slot in `SLOT_URL`. */
  readonly smoke?: readonly string[];
  /** Connection string. Secret. */
  readonly postgres?: string;
  /** A queue in the app's subscription; `resourceGroup` defaults to the app's. */
  readonly serviceBus?: {
    readonly namespace: string;
    readonly queue: string;
    readonly resourceGroup?: string;
  };
  readonly keyVault?: { readonly url: string; readonly secret: string };
  /** For each check but the smoke command; default 10 s. */
  readonly timeoutSeconds?: number;
  /** Default 300 s. */
  readonly smokeTimeoutSeconds?: number;
}

/** What the checks of one slot are made of. */
export interface SlotChecksOptions {
  readonly config: SlotValidationConfig;
  readonly address: SlotAddress;
  /** Host of the idle slot, as ARM names it. */
  readonly hostName: string;
  readonly credential: TokenCredential;
  readonly runtime: Runtime;
  /** Where the smoke command runs, and its environment. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly endpoint?: string;
}

/** The checks of a config, in the order of the report, and the secrets that must not stand in it. */
export function slotChecks(options: SlotChecksOptions): {
  readonly checks: readonly SlotCheck[];
  readonly secrets: readonly string[];
} {
  const { config, hostName, runtime } = options;
  const timeoutMs = (config.timeoutSeconds ?? 10) * 1000;
  const base = `https://${hostName}`;
  const get = (name: string, path: string) => httpCheck({ name, url: `${base}${path}`, timeoutMs, runtime });
  const { smoke, postgres } = config;
  const checks: readonly SlotCheck[] = [
    get("health", config.healthPath ?? "/health/live"),
    get("ready", config.readyPath ?? "/health/ready"),
    ...(smoke === undefined ? [] : [smokeCheck(options, smoke, base)]),
    ...(postgres === undefined
      ? []
      : [postgresCheck({ name: "postgres", connectionString: postgres, timeoutMs })]),
    ...azureChecks(options, timeoutMs),
  ];
  const secrets = postgres === undefined ? [] : [postgres, ...passwordsIn(postgres)];
  return { checks, secrets };
}

function smokeCheck(options: SlotChecksOptions, command: readonly string[], slotUrl: string): SlotCheck {
  const { config, cwd, env } = options;
  const timeoutMs = (config.smokeTimeoutSeconds ?? 300) * 1000;
  return commandCheck({ name: "smoke", command, cwd, env, slotUrl, timeoutMs });
}

function azureChecks(options: SlotChecksOptions, timeoutMs: number): readonly SlotCheck[] {
  const { config, address, credential, runtime, endpoint } = options;
  const { serviceBus, keyVault } = config;
  const common = { credential, timeoutMs, runtime };
  return [
    ...(serviceBus === undefined
      ? []
      : [
          queueCheck({
            ...common,
            name: "service-bus",
            subscriptionId: address.subscriptionId,
            resourceGroup: serviceBus.resourceGroup ?? address.resourceGroup,
            namespace: serviceBus.namespace,
            queue: serviceBus.queue,
            ...(endpoint === undefined ? {} : { endpoint }),
          }),
        ]),
    ...(keyVault === undefined
      ? []
      : [secretCheck({ ...common, name: "key-vault", vaultUrl: keyVault.url, secret: keyVault.secret })]),
  ];
}
