import { RolloutError } from "../../errors/errors.ts";
import type { Runtime } from "../../lib/runtime.ts";
import { identityAnnotation } from "../../plan/identity.ts";
import type { Lever } from "../../ports/lever.ts";
import {
  deploymentSchema,
  identityOf,
  ownedBy,
  type Rolling,
  readingOf,
  replicaSetList,
  templateFor,
} from "./deployment-shape.ts";
import {
  type ClusterPlace,
  type KubeApi,
  type KubeObject,
  openKubeApi,
  type PatchOperation,
} from "./kube-api.ts";
import { hasStatus, parseObject } from "./kube-object.ts";
import { givingBack } from "./ownership.ts";

export interface DeploymentLeverOptions {
  /** Namespace and cluster; a rollout in place leaves the route alone. */
  readonly config: ClusterPlace;
  /** Name of the Deployment: the service. */
  readonly deployment: string;
  /** Identities of both sides, as the pods carry them. */
  readonly sides: { readonly stable?: string; readonly candidate?: string };
  readonly runtime?: Pick<Runtime, "logger">;
  /** Default: the official client, by the kubeconfig of `config`. */
  readonly api?: KubeApi;
}

/** How often a write is tried when the Deployment changes under it. */
const maxTries = 3;

/**
 * One Deployment as a lever, for a version in stable's place. Exposure is the share of its pods that run the new
 * version and are ready; 100 only once all are available and no old pod is left. 0 puts the old version's pod
 * template back, as `kubectl rollout undo` does, in one JSON patch guarded by the identity that it replaces; 100 the
 * new one's. A paused Deployment goes on. Between them only the Deployment itself moves: anything else is refused.
 *
 * @throws RolloutError `exposure-invalid`, `no-such-revision` (never a guess), `kube-api`, `kube-denied`
 */
export function createDeploymentLever(options: DeploymentLeverOptions): Lever {
  const { config, sides } = options;
  const { namespace } = config;
  const api = options.api ?? openKubeApi(config);
  const apps = { group: "apps", version: "v1", namespace };
  const object: KubeObject = { ...apps, plural: "deployments", name: options.deployment };
  const of = { what: `Deployment ${namespace}/${options.deployment}`, hint: "apps/v1 is needed." };
  const look = async (signal?: AbortSignal): Promise<Rolling> => {
    const deployment = parseObject(deploymentSchema, await api.get(object, signal), of);
    const labels = deployment.spec.selector.matchLabels;
    const listed = await api.list({ ...apps, plural: "replicasets", labels }, signal);
    return {
      deployment,
      replicaSets: ownedBy(deployment, parseObject(replicaSetList, listed, of).items),
      sides,
    };
  };
  const write = async (change: (rolling: Rolling) => PatchOperation[], signal?: AbortSignal) => {
    for (let attempt = 1; ; attempt++) {
      const operations = change(await look(signal));
      if (operations.length === 0) return;
      try {
        return await api.patch(object, operations, signal);
      } catch (error) {
        // A failed `test` (422 Invalid) or a write that met another one (409): it is not what was read.
        if (attempt >= maxTries || !hasStatus(error, 409, 422)) throw error;
        options.runtime?.logger.debug(`${object.name} changed while it was written: reading it again`);
      }
    }
  };
  return {
    name: of.what,
    setExposure: async (exposure, signal) => {
      assertExposure(exposure);
      await write((rolling) => patchFor(rolling, exposure), signal);
    },
    release: (signal) => write(({ deployment }) => givingBack(deployment.metadata.managedFields), signal),
    read: async (signal) => readingOf(await look(signal)),
  };
}

/** Empty where nothing is to do: the version is there already, or a third one that isn't this rollout's to touch. */
function patchFor(rolling: Rolling, exposure: 0 | 100): PatchOperation[] {
  const { deployment, sides } = rolling;
  const { spec } = deployment;
  const present = identityOf(spec.template);
  const [from, to] = exposure === 0 ? [sides.candidate, sides.stable] : [sides.stable, sides.candidate];
  const goesOn: PatchOperation[] =
    spec.paused === true ? [{ op: "replace", path: "/spec/paused", value: false }] : [];
  if (present !== undefined && present === to) return goesOn;
  // Without the new version there is nothing to take back; to bring it is another matter.
  if (exposure === 0 && (present === undefined || present !== from)) return [];
  const template = templateFor(rolling, to);
  if (present === undefined || present !== from) throw foreign(deployment.metadata.name, present);
  const path = `/spec/template/metadata/annotations/${identityAnnotation.replaceAll("/", "~1")}`;
  return [
    { op: "test", path, value: present },
    { op: "replace", path: "/spec/template", value: template },
    ...goesOn,
  ];
}

function foreign(name: string, present: string | undefined): RolloutError {
  return new RolloutError(`The Deployment ${name} runs ${present ?? "pods without an identity"}.`, {
    code: "foreign-version",
    exit: "resource",
    hint: "Somebody else changed it: put the stack's own version back with `pulumi up`.",
  });
}

function assertExposure(exposure: number): asserts exposure is 0 | 100 {
  if (exposure === 0 || exposure === 100) return;
  throw new RolloutError(
    `An exposure of ${exposure} % was asked of a Deployment: it is 0 (the version before) or 100 (the new one).`,
    {
      code: "exposure-invalid",
      exit: "config",
      hint: "Only a canary's route can be moved to a share of the traffic.",
    },
  );
}
