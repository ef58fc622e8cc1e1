import { resolve } from "node:path";
import { openAppConfiguration } from "../../adapters/flags/app-configuration.ts";
import { createFlagLever } from "../../adapters/flags/flag-lever.ts";
import { readTenants } from "../../adapters/flags/tenants.ts";
import type { FlagDeps } from "../../driver/flag-deps.ts";
import { RolloutError } from "../../errors/errors.ts";
import { isFlagAlone, opensFlag } from "../../lib/strategies.ts";
import { flagKey } from "../../plan/flag-value.ts";
import type { Flags } from "../../ports/flags.ts";
import type { Health } from "../../ports/metrics.ts";
import { createAzureProvider } from "../../sandbox/azure-provider.ts";
import type { FaultSpec } from "../../sandbox/faults.ts";
import { createSandboxFlagHealth, createSandboxFlagMetrics } from "../../sandbox/flags/ports.ts";
import { createConfigurationProvider } from "../../sandbox/flags/provider.ts";
import { flagStoreToken, startFlagStore } from "../../sandbox/flags/server.ts";
import { createFlagSide, type FlagSide } from "../../sandbox/flags/side.ts";
import { createFlagStore, type FlagStore } from "../../sandbox/flags/store.ts";
import { inventedTenants } from "../../sandbox/flags/tenants.ts";
import type { SandboxProvider } from "../../sandbox/provider.ts";
import { serveProvider } from "../../sandbox/provider-server.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { FlagConfig } from "../../types/flag-config.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";
import { held } from "./held.ts";
import type { RehearsedCloud } from "./rehearsed-cloud.ts";
import { healthyUnder } from "./rehearsed-policy.ts";

/** A stack's flag in a rehearsal. */
export interface RehearsedFlags {
  readonly side: FlagSide;
  /** Serves App Configuration within azure-native. */
  readonly configuration: SandboxProvider;
  /** `service`: health of what the flag is in; absent: the flag is all that there is. */
  ports(service?: Health): FlagDeps;
  close(): Promise<void>;
}

export interface FlagsOptions {
  readonly sandbox: Sandbox;
  readonly seed: number;
  readonly policy: EnvironmentPolicy;
  readonly flag: FlagConfig;
  /** Those of the flag. */
  readonly faults: readonly FaultSpec[];
  readonly projectDir: string;
}

/**
 * App Configuration on loopback with the applications that read a flag there: the real adapter and the real lever talk
 * HTTPS to it, and the stack writes into the same store. Real waiting takes no virtual time.
 */
export async function openFlags(options: FlagsOptions): Promise<RehearsedFlags> {
  const { sandbox, seed, policy, flag, faults, projectDir } = options;
  const { spec, label, refreshSeconds } = flag;
  const { clock, telemetry } = sandbox;
  // Before a server is started: a file that can't be read ends here.
  const tenants =
    flag.tenants === undefined ? undefined : await readTenants(resolve(projectDir, flag.tenants));
  const refreshMs = refreshSeconds * 1000;
  const side = createFlagSide({
    clock,
    startMs: telemetry.startMs,
    seed,
    binMs: telemetry.binMs,
    healthy: healthyUnder(policy),
    spec,
    id: { key: flagKey(spec.id), label: label ?? null },
    refreshMs,
    tenants: tenants ?? inventedTenants(spec),
    faults,
  });
  const server = await startFlagStore({ now: () => clock.now(), store: side.store });
  server.faults.throttled = () => side.faults.now("flag-throttle").length > 0;
  const flags = stillFlags(
    sandbox,
    await openAppConfiguration({
      endpoint: server.endpoint,
      flagId: spec.id,
      ...(label === undefined ? {} : { label }),
      credential: {
        getToken: async () => ({ token: flagStoreToken, expiresOnTimestamp: Number.MAX_SAFE_INTEGER }),
      },
      // A pause that the store asks for is part of a read that holds time, so it moves time itself.
      clock: { sleep: (ms) => clock.advance(ms) },
      ca: server.cert,
    }),
  );
  return {
    side,
    configuration: createConfigurationProvider(storesBeside(side.store, flag)),
    ports: (service) => ({
      lever: createFlagLever({ flags, spec, clock, refreshMs }),
      flags,
      metrics: createSandboxFlagMetrics(side),
      health: createSandboxFlagHealth(side, service),
      ...(tenants === undefined ? {} : { tenants }),
    }),
    close: server.close,
  };
}

/** Its requests are real, and take no virtual time. */
function stillFlags(sandbox: Sandbox, flags: Flags): Flags {
  return {
    name: flags.name,
    read: (signal) => held(sandbox, () => flags.read(signal)),
    write: (content, on) => held(sandbox, () => flags.write(content, on)),
  };
}

/** The flag's store by the name in its endpoint; what the program writes into others, no application reads. */
function storesBeside(store: FlagStore, { endpoint }: FlagConfig): (name: string) => FlagStore {
  const own = /^https:\/\/(?<name>[^./]+)\.azconfig\./.exec(endpoint)?.groups?.["name"];
  const others = new Map<string, FlagStore>();
  return (name) => {
    if (own === undefined || name === own) return store;
    const other = others.get(name) ?? createFlagStore(() => 0);
    others.set(name, other);
    return other;
  };
}

/** A stack of a flag alone. */
export async function openFlagCloud(flags: RehearsedFlags): Promise<RehearsedCloud> {
  const served = await serveProvider("azure-native", createAzureProvider(flags));
  const flag = flags.ports();
  return {
    env: served.env,
    ports: { lever: flag.lever, health: flag.health, flag },
    flags: flags.side,
    wrap: (engine) => engine,
    close: async () => {
      served.close();
      await flags.close();
    },
  };
}

/** A flag beside a service; `cloud`: of the service. On Kubernetes nobody serves azure-native yet. */
export async function besideService(cloud: RehearsedCloud, flags: RehearsedFlags): Promise<RehearsedCloud> {
  const providers = cloud.env["PULUMI_DEBUG_PROVIDERS"] ?? "";
  const served = providers.includes("azure-native:")
    ? undefined
    : await serveProvider("azure-native", createAzureProvider(flags));
  const all = [providers, served?.env.PULUMI_DEBUG_PROVIDERS ?? ""].filter((one) => one !== "");
  return {
    ...cloud,
    env: { ...cloud.env, PULUMI_DEBUG_PROVIDERS: all.join(",") },
    ports: { ...cloud.ports, flag: flags.ports(cloud.ports.health) },
    flags: flags.side,
    close: async () => {
      served?.close();
      await Promise.all([flags.close(), cloud.close()]);
    },
  };
}

/** Faults of the service, and of the flag beside it: `@flag-25`. Of a flag alone all are its own. */
export interface FaultsOfParts {
  readonly service: readonly FaultSpec[];
  readonly flag: readonly FaultSpec[];
}

/** Faults of pods, of routes, of slots and nodes: the phases of a flag move none of these. */
const elsewhere: ReadonlySet<FaultSpec["kind"]> = new Set([
  "crashloop",
  "image-pull",
  "slow-router",
  "engine-crash",
  "stuck-swap",
  "stuck-drain",
  "validation",
]);

/** @throws RolloutError `fault-unknown` (exit 2) for a fault that would never act */
export function faultsOfParts(
  faults: readonly FaultSpec[],
  { flag, platform, strategy }: Pick<EnvironmentPolicy, "flag" | "platform" | "strategy">,
): FaultsOfParts {
  const alone = isFlagAlone({ platform });
  const ofFlag = faults.filter(({ part }) => alone || part === "flag");
  const [first] = ofFlag;
  if (first !== undefined && (flag === undefined || !opensFlag(strategy)))
    throw inert(first, `this rollout opens no flag: its strategy is ${strategy}`);
  const still = ofFlag.find(({ kind }) => elsewhere.has(kind));
  if (still !== undefined) throw inert(still, "the phases of a flag move no pods, routes, slots or nodes");
  return { service: faults.filter((fault) => !ofFlag.includes(fault)), flag: ofFlag };
}

function inert({ text }: FaultSpec, why: string): RolloutError {
  return new RolloutError(`The fault ${text} never acts: ${why}.`, {
    code: "fault-unknown",
    exit: "config",
    path: "fault",
    hint: "Of a flag can be rehearsed: errors, environment-errors, latency, exceptions, health, levels, metrics-outage, silent-canary, flag-edit, flag-throttle.",
  });
}
