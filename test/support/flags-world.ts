import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { onTestFinished } from "vitest";
import { openAppConfiguration } from "../../src/adapters/flags/app-configuration.ts";
import { flagKey } from "../../src/plan/flag-value.ts";
import type { FlagContent, Flags } from "../../src/ports/flags.ts";
import { type FlagStoreServer, flagStoreToken, startFlagStore } from "../../src/sandbox/flags/server.ts";

export const flagId = "AuditTrail.NewTamperProofAlgorithm";

export interface FlagsWorld {
  readonly server: FlagStoreServer;
  readonly flags: Flags;
  /** What was slept for, in ms, in order; nothing waits. */
  readonly slept: readonly number[];
  /** Writes the flag past the adapter. */
  put(content: FlagContent | undefined): void;
}

/** App Configuration on loopback and one flag of it, until the test has ended. */
export async function startFlagsWorld(
  options: { readonly label?: string; readonly token?: string; readonly apiVersion?: string } = {},
): Promise<FlagsWorld> {
  const { label, token = flagStoreToken, apiVersion } = options;
  const server = await startFlagStore({ now: () => Date.UTC(2026, 0, 15, 10) });
  onTestFinished(() => server.close());
  // Of this process alone.
  setDefaultCACertificates([...getCACertificates("default"), server.cert]);
  const slept: number[] = [];
  const flags = await openAppConfiguration({
    endpoint: server.endpoint,
    flagId,
    credential: { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    clock: { sleep: async (ms) => void slept.push(ms) },
    ...(label === undefined ? {} : { label }),
    ...(apiVersion === undefined ? {} : { apiVersion }),
  });
  const id = { key: flagKey(flagId), label: label ?? null };
  return {
    server,
    flags,
    slept,
    put: (content) => {
      if (content === undefined) return void server.store.delete(id);
      const { value, contentType = null, description = null, tags } = content;
      server.store.put(id, { value, content_type: contentType, description, tags });
    },
  };
}
