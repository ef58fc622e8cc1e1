import type { TokenCredential } from "../lib/token-credential.ts";
import type { Validation } from "../ports/validation.ts";
import type { SlotLeverConfig } from "../types/slots.ts";
import { ambientCredential } from "./ambient-credential.ts";
import type { OpenOptions } from "./registry.ts";
import type { OpenSlots } from "./slots/open-slots.ts";
import type { SwapLimits } from "./slots/swap-limits.ts";
import type { ValidationOptions } from "./validation/validation.ts";

/** The slots of a policy on App Service, and what moves them. `credential`: default the ambient identity. */
export async function openSlotsOf(
  options: OpenOptions<SlotLeverConfig> & {
    readonly credential?: TokenCredential;
    readonly limits?: Partial<SwapLimits>;
  },
): Promise<OpenSlots> {
  const { openSlots } = await import("./slots/open-slots.ts");
  return await openSlots({ ...options, credential: options.credential ?? (await ambientCredential()) });
}

/** What checks a staged version. Its own identity is asked for only where a check needs one. */
export async function openValidation(
  options: Omit<ValidationOptions, "openCredential"> & { readonly credential?: TokenCredential },
): Promise<Validation> {
  const { createValidation } = await import("./validation/validation.ts");
  const { credential } = options;
  return createValidation({
    ...options,
    openCredential: async () => credential ?? (await ambientCredential()),
  });
}
