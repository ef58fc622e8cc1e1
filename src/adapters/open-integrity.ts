import { assertNever } from "../lib/assert-never.ts";
import type { Integrity } from "../ports/gauge.ts";
import type { IntegrityConfig } from "../types/watch.ts";
import type { OpenOptions } from "./registry.ts";

/** What verifies the candidate's data. Adapters are loaded when they are opened. `cwd`: where a command runs. */
export async function openIntegrity({
  config,
  runtime,
  cwd,
}: OpenOptions<IntegrityConfig> & { readonly cwd?: string }): Promise<Integrity> {
  switch (config.kind) {
    case "command": {
      const { createCommandIntegrity } = await import("./integrity/command-integrity.ts");
      return createCommandIntegrity({ config, runtime, ...(cwd === undefined ? {} : { cwd }) });
    }
    case "http": {
      const { createHttpIntegrity } = await import("./integrity/http-integrity.ts");
      return createHttpIntegrity({ config, runtime });
    }
    default:
      return assertNever(config, "integrity kind");
  }
}
