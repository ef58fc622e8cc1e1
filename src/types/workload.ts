import type { FlagSpec } from "./flag-config.ts";
import type { NodeSpec } from "./node-pools.ts";

/** A probe of the container's HTTP server, as Kubernetes runs it. Times in seconds. */
export interface HttpProbe {
  readonly path: string;
  /** Seconds before the first probe. */
  readonly initialDelaySeconds: number;
  /** Seconds between probes. */
  readonly periodSeconds: number;
  /** Tries in a row before the probe counts as failed. */
  readonly failureThreshold: number;
}

/** A variable of the container: a plain value, or a reference to a key of a Secret. */
export type EnvVar =
  | { readonly name: string; readonly value: string }
  | {
      readonly name: string;
      /** `version` changes the identity when the secret's content changes; its content never enters. */
      readonly secretRef: { readonly name: string; readonly key: string; readonly version?: string };
    };

/**
 * What one version of a service runs as, in our own schema: everything that a candidate may change and
 * that a revert has to bring back. It is plain data, so that its hash is stable over library upgrades
 * (an identity that hashes a library's serialisation restarts every canary on upgrade: argo-rollouts#4696).
 */
export interface WorkloadSpec {
  readonly schemaVersion: 1;
  /** Full image reference: `registry/name:tag` or `registry/name@sha256:…`. */
  readonly image: string;
  /** Port of the container that serves HTTP. */
  readonly port: number;
  readonly env: readonly EnvVar[];
  /** Content of the version's own ConfigMap, offered to the container as variables. Empty: no ConfigMap. */
  readonly config: Readonly<Record<string, string>>;
  readonly readiness: HttpProbe;
  readonly liveness: HttpProbe;
  readonly resources: {
    readonly requests: Readonly<Record<string, string>>;
    readonly limits: Readonly<Record<string, string>>;
  };
}

/** A version together with what it runs as, as kept in the release: that of a service, of the nodes under it, or of a flag. */
export interface WorkloadSnapshot {
  /** The version's name as people say it: `1.2.4`. */
  readonly version: string;
  /** `<digest or tag>+<SHA-256 of the spec>`: two snapshots are the same version iff this is equal. */
  readonly identity: string;
  readonly workload: WorkloadSpec | NodeSpec | FlagSpec;
}
