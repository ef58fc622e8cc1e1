import type { Runtime } from "../../lib/runtime.ts";
import type { TokenCredential } from "../../lib/token-credential.ts";
import type { ValidateConfig } from "../../types/slots.ts";
import { queueCheck, secretCheck } from "./check-azure.ts";
import { commandCheck } from "./check-command.ts";
import { httpCheck } from "./check-http.ts";
import { passwordsIn, postgresCheck } from "./check-postgres.ts";
import type { Check } from "./run-checks.ts";

/** What the checks of one validation are made of. */
export interface ChecksOptions {
  readonly config: ValidateConfig;
  /** Of the idle side, without a slash at its end. */
  readonly baseUrl: string;
  /** Where a queue lies that names no place of its own. */
  readonly place?: { readonly subscriptionId: string; readonly resourceGroup: string };
  /** Only asked for where a check needs an identity. */
  readonly openCredential: () => Promise<TokenCredential>;
  readonly runtime: Runtime;
  /** Where the smoke command runs, and its environment. */
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** ARM's base URL; default: the public cloud's. */
  readonly endpoint?: string;
}

/** The checks of a config, in the order of the report, and the secrets that must not stand in it. */
export function checksOf(options: ChecksOptions): {
  readonly checks: readonly Check[];
  readonly secrets: readonly string[];
} {
  const { config, baseUrl, runtime } = options;
  const { smoke, postgres, healthPath, readyPath } = config;
  const timeoutMs = config.timeoutSeconds * 1000;
  const get = (name: string, path: string) =>
    httpCheck({ name, url: `${baseUrl}${path}`, timeoutMs, runtime });
  const checks: readonly Check[] = [
    get("health", healthPath),
    get("ready", readyPath),
    ...(smoke === undefined ? [] : [smokeCheck(options, smoke)]),
    ...(postgres === undefined
      ? []
      : [postgresCheck({ name: "postgres", connectionString: postgres, timeoutMs })]),
    ...azureChecks(options, timeoutMs),
  ];
  const secrets = postgres === undefined ? [] : [postgres, ...passwordsIn(postgres)];
  return { checks, secrets };
}

function smokeCheck({ config, cwd, env, baseUrl }: ChecksOptions, command: readonly string[]): Check {
  const timeoutMs = config.smokeTimeoutSeconds * 1000;
  return commandCheck({ name: "smoke", command, cwd, env, idleUrl: baseUrl, timeoutMs });
}

function azureChecks(options: ChecksOptions, timeoutMs: number): readonly Check[] {
  const { config, place, openCredential, runtime, endpoint } = options;
  const { serviceBus, keyVault } = config;
  const credential: TokenCredential = {
    getToken: async (scopes, asked) => (await openCredential()).getToken(scopes, asked),
  };
  const common = { credential, timeoutMs, runtime };
  return [
    ...(serviceBus === undefined
      ? []
      : [
          queueCheck({
            ...common,
            name: "service-bus",
            subscriptionId: serviceBus.subscriptionId ?? place?.subscriptionId ?? "",
            resourceGroup: serviceBus.resourceGroup ?? place?.resourceGroup ?? "",
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
