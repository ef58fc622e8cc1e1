import type { Runtime } from "../lib/runtime.ts";
import type { TokenCredential } from "../lib/token-credential.ts";
import type { Exceptions } from "../ports/exceptions.ts";
import type { AzureMonitorConfig } from "../types/azure-monitor.ts";
import { ambientCredential } from "./ambient-credential.ts";

/** A program, or the logs that the counts are from. */
export type ExceptionsConfig =
  | { readonly kind: "command"; readonly run: readonly string[] }
  | AzureMonitorConfig;

/**
 * What lists exceptions, of one rollout after another. Adapters are loaded when they are opened. `credential`: default
 * the ambient Azure identity. `cwd`: where a command runs.
 */
export async function openExceptions(options: {
  readonly config: ExceptionsConfig;
  readonly runtime: Runtime;
  readonly credential?: TokenCredential;
  readonly cwd?: string;
}): Promise<(config: ExceptionsConfig) => Exceptions> {
  const { config, runtime, cwd } = options;
  if (config.kind === "command") {
    const { createCommandExceptions } = await import("./exceptions/command-exceptions.ts");
    const { run } = config;
    return () => createCommandExceptions({ run, runtime, ...(cwd === undefined ? {} : { cwd }) });
  }
  const { createAzureMonitorExceptions } = await import("./metrics/azure-monitor/exception-types.ts");
  const azure = { runtime, credential: options.credential ?? (await ambientCredential()) };
  return (own) => createAzureMonitorExceptions({ ...azure, config: own.kind === "command" ? config : own });
}
