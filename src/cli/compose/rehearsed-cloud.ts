import type { DriverDeps } from "../../driver/session.ts";
import type { Runtime } from "../../lib/runtime.ts";
import type { Engine } from "../../ports/engine.ts";
import type { ArmServer } from "../../sandbox/arm/server.ts";
import type { FaultSpec } from "../../sandbox/faults.ts";
import type { FlagSide } from "../../sandbox/flags/side.ts";
import type { NodesModel } from "../../sandbox/nodes/model.ts";
import type { SandboxProvider } from "../../sandbox/provider.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import type { EnvironmentPolicy } from "../../types/policy.ts";

/** What a rehearsal has in place of a cloud. */
export interface RehearsedCloud {
  /** Added to the environment of the engine's processes. */
  readonly env: Readonly<Record<string, string>>;
  readonly ports: Pick<DriverDeps, "lever" | "leverFor" | "health" | "validation" | "preflight" | "flag">;
  /** Where the policy has slots: the app as it stands, and its hosts on loopback. */
  readonly app?: Pick<ArmServer, "model" | "hosts">;
  /** Where the policy has node pools: the cluster as it stands. */
  readonly nodes?: NodesModel;
  /** Where the policy has a flag: its store, and the applications that read it. */
  readonly flags?: FlagSide;
  /** Around the engine: what an update may have moved is looked at after it. */
  wrap(engine: Engine): Engine;
  close(): Promise<void>;
}

/** What one is made for. */
export interface RehearsedCloudOptions {
  readonly sandbox: Sandbox;
  /** The stack's own policy. */
  readonly policy: EnvironmentPolicy;
  readonly faults: readonly FaultSpec[];
  readonly runtime: Runtime;
  /** A folder of the rehearsal's. */
  readonly folder: string;
  /** Serves App Configuration, where the policy has a flag. */
  readonly configuration?: SandboxProvider;
}
