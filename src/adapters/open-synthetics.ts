import { assertNever } from "../lib/assert-never.ts";
import type { Runtime } from "../lib/runtime.ts";
import type { TokenCredential } from "../lib/token-credential.ts";
import type { Evidence } from "../ports/evidence.ts";
import type { SyntheticConfig } from "../types/checklist-config.ts";
import { ambientCredential } from "./ambient-credential.ts";

/** What uptime checks are opened with. */
export interface SyntheticsAt {
  readonly runtime: Runtime;
  /** Default: the ambient Azure identity. */
  readonly credential?: TokenCredential;
}

/** The uptime checks of others, in their order. Adapters are loaded when they are opened, and ask nobody before they are read. */
export async function openSynthetics(
  configs: readonly SyntheticConfig[],
  at: SyntheticsAt,
): Promise<readonly Evidence[]> {
  return await Promise.all(configs.map((config) => open(config, at)));
}

async function open(config: SyntheticConfig, { runtime, credential }: SyntheticsAt): Promise<Evidence> {
  switch (config.kind) {
    case "http": {
      const { createHttpEvidence } = await import("./evidence/http.ts");
      return createHttpEvidence({ name: new URL(config.url).host, url: config.url, runtime });
    }
    case "pingdom": {
      const { createPingdomEvidence } = await import("./evidence/pingdom.ts");
      return createPingdomEvidence({ config, runtime });
    }
    case "availability": {
      const { createAvailabilityEvidence } = await import("./metrics/azure-monitor/availability-tests.ts");
      return createAvailabilityEvidence({
        config,
        runtime,
        credential: credential ?? (await ambientCredential()),
      });
    }
    default:
      return assertNever(config, "kind of uptime check");
  }
}
