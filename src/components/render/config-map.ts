import type { Input } from "@pulumi/pulumi";
import { sha256, stableJson } from "../../lib/stable-json.ts";
import type { WorkloadSpec } from "../../types/workload.ts";

/** Arguments of one ConfigMap, with the name that its content gives it. */
export interface RenderedConfigMap {
  readonly name: string;
  readonly args: {
    readonly metadata: {
      readonly name: string;
      readonly namespace: Input<string>;
      readonly labels: { readonly app: string };
    };
    readonly data: Readonly<Record<string, string>>;
  };
}

/** `<service>-<first 8 of the content's SHA-256>`; undefined where a version has no config. */
export function configMapName(service: string, workload: WorkloadSpec): string | undefined {
  if (Object.keys(workload.config).length === 0) return undefined;
  return `${service}-${sha256(stableJson(workload.config)).slice(0, 8)}`;
}

/** One ConfigMap per different content: both sides share it where they agree. */
export function renderConfigMaps(input: {
  readonly service: string;
  readonly namespace: Input<string>;
  readonly workloads: readonly WorkloadSpec[];
}): readonly RenderedConfigMap[] {
  const { service, namespace } = input;
  const byName = new Map<string, RenderedConfigMap>();
  for (const workload of input.workloads) {
    const name = configMapName(service, workload);
    if (name === undefined) continue;
    const metadata = { name, namespace, labels: { app: service } };
    byName.set(name, { name, args: { metadata, data: workload.config } });
  }
  return [...byName.values()];
}
