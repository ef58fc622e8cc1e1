import { RolloutError } from "../../errors/errors.ts";
import { listAt, type Manifest, numberAt, textAt, valueAt } from "../manifest.ts";

/** A pool of nodes as a program asks AKS for it. */
export interface AgentPool {
  readonly cluster: string;
  readonly name: string;
  readonly mode: string;
  readonly count: number;
  readonly vmSize: string;
  readonly osSku: string;
  /** Whole, `1.34.2`. */
  readonly version: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly string[];
}

/** What AKS says of a pool on top of what was written. */
export interface PoolFacts {
  readonly currentOrchestratorVersion: string;
  readonly nodeImageVersion: string;
}

/** The date of the node image where nobody says another. */
export const defaultImageDate = "202511.06.0";

/** Reads `AgentPool` of azure-native. Throws what AKS refuses by itself, whatever other pools there are. */
export function agentPoolOf(inputs: Manifest, controlPlane: string): AgentPool {
  const name = textAt(inputs, "agentPoolName") ?? "";
  if (!/^[a-z][a-z0-9]{0,11}$/.test(name)) throw invalid("agentPoolName", name);
  const version = textAt(inputs, "orchestratorVersion") ?? controlPlane;
  if (!/^\d+\.\d+\.\d+$/.test(version)) throw invalid("agentpool.Properties.OrchestratorVersion", version);
  if (compareVersions(version, controlPlane) > 0) throw aheadOf(version, controlPlane);
  const scales = valueAt(inputs, "enableAutoScaling") === true;
  const count = numberAt(inputs, "count") ?? (scales ? numberAt(inputs, "minCount") : undefined) ?? 1;
  return {
    cluster: `${textAt(inputs, "resourceGroupName") ?? ""}/${textAt(inputs, "resourceName") ?? ""}`,
    name,
    mode: textAt(inputs, "mode") ?? "User",
    count,
    vmSize: textAt(inputs, "vmSize") ?? "",
    osSku: textAt(inputs, "osSKU") ?? "Ubuntu",
    version,
    labels: textsOf(valueAt(inputs, "nodeLabels")),
    taints: listAt(inputs, "nodeTaints").map(String),
  };
}

/** What AKS refuses because of the pools that there are. */
export function checkChange(pool: AgentPool, present: readonly AgentPool[]): void {
  const other = present.find(({ cluster }) => cluster !== pool.cluster);
  if (other !== undefined) throw otherCluster(pool, other);
  const before = present.find(({ name }) => name === pool.name);
  if (before === undefined) return;
  if (compareVersions(pool.version, before.version) < 0) throw downgrade(before, pool);
  if (before.mode === "System" && pool.mode !== "System") checkRemoval(before, present);
}

/** A cluster keeps a pool for what it runs itself. */
export function checkRemoval(pool: AgentPool, present: readonly AgentPool[]): void {
  const left = present.filter(({ name, mode }) => name !== pool.name && mode === "System");
  if (pool.mode !== "System" || left.length > 0) return;
  throw refusal("OperationNotAllowed", "There has to be at least one system agent pool.", pool.name);
}

/** `AKSUbuntu-2204gen2containerd-202511.06.0`. */
export function imageOf({ osSku }: AgentPool, date: string): string {
  return osSku === "AzureLinux" ? `AKSAzureLinux-V3gen2-${date}` : `AKSUbuntu-2204gen2containerd-${date}`;
}

/** Below, equal or above 0 as the first is the older one, the same, the newer one. Both are `1.34.2`. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  const at = [0, 1, 2].find((index) => left?.[index] !== right?.[index]);
  return at === undefined ? 0 : (left?.[at] ?? 0) - (right?.[at] ?? 0);
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const members = Object.entries(Object(value)) as readonly (readonly [string, unknown])[];
  return Object.fromEntries(members.map(([key, text]) => [key, String(text)]));
}

function invalid(parameter: string, value: string): RolloutError {
  const rules = "Please see https://aka.ms/aks-naming-rules for more details.";
  const text = `The value of parameter ${parameter} is invalid: ${JSON.stringify(value)}. ${rules}`;
  return refusal("InvalidParameter", text, parameter);
}

function aheadOf(version: string, controlPlane: string): RolloutError {
  const [pool, plane] = [version, controlPlane].map((one) => one.split("."));
  const at = pool?.[1] === plane?.[1] ? 2 : 1;
  const text =
    `Node pool version ${version} and control plane version ${controlPlane} are incompatible. ` +
    `${at === 1 ? "Minor" : "Patch"} version of node pool version ${pool?.[at]} is bigger than control plane version ` +
    `${plane?.[at]}. For more information, please check https://aka.ms/version-skew-policy`;
  return refusal("NodePoolMcVersionIncompatible", text, "properties.orchestratorVersion");
}

function downgrade(before: AgentPool, after: AgentPool): RolloutError {
  return refusal(
    "OperationNotAllowed",
    `Changing the version of agent pool ${after.name} from ${before.version} to ${after.version} is not allowed: downgrade is not supported.`,
    "properties.orchestratorVersion",
  );
}

/** Not a rule of AKS: the sandbox has one cluster. */
function otherCluster(pool: AgentPool, other: AgentPool): RolloutError {
  return refusal(
    "ResourceNotFound",
    `The sandbox has one cluster, ${other.cluster}; the pool ${pool.name} asks for ${pool.cluster}.`,
    pool.name,
  );
}

/** An error as the Azure provider words it. */
function refusal(code: string, message: string, target: string): RolloutError {
  return new RolloutError(`Status=400 Code="${code}" Message="${message}" Target="${target}"`, {
    code: "sandbox-aks-refused",
    exit: "resource",
  });
}
