import * as z from "zod";
import { RolloutError } from "../../errors/errors.ts";
import type { Revision, Revisions } from "../../ports/revisions.ts";
import { deploymentSchema, identityOf, ownedBy, replicaSetList } from "./deployment-shape.ts";
import { type ClusterPlace, type KubeApi, type KubeObject, openKubeApi } from "./kube-api.ts";

export interface DeploymentRevisionsOptions {
  /** Namespace and cluster. */
  readonly config: ClusterPlace;
  /** Name of the Deployment, and of the container whose image is told: the service. */
  readonly deployment: string;
  /** Default: the official client, by the kubeconfig of `config`. */
  readonly api?: KubeApi;
}

/** What the lever has no use for. */
const details = z.looseObject({
  spec: z.looseObject({
    // The API server fills in 1.
    replicas: z.number().optional(),
    template: z.looseObject({
      spec: z.looseObject({ containers: z.array(z.looseObject({ name: z.string(), image: z.string() })) }),
    }),
  }),
});

const annotations = {
  revision: "deployment.kubernetes.io/revision",
  changeCause: "kubernetes.io/change-cause",
};

/**
 * The revisions of one Deployment, as `kubectl rollout history` shows them: its own ReplicaSets, each with the
 * identity on its pods. Needs `get` on deployments and `list` on replicasets, as the lever does.
 *
 * @throws RolloutError `kube-api`, `kube-denied`
 */
export function createDeploymentRevisions(options: DeploymentRevisionsOptions): Revisions {
  const { config, deployment: name } = options;
  const { namespace } = config;
  const api = options.api ?? openKubeApi(config);
  const apps = { group: "apps", version: "v1", namespace };
  const object: KubeObject = { ...apps, plural: "deployments", name };
  return {
    list: async (signal) => {
      const deployment = parse(deploymentSchema, await api.get(object, signal), object);
      const labels = deployment.spec.selector.matchLabels;
      const listed = await api.list({ ...apps, plural: "replicasets", labels }, signal);
      const own = ownedBy(deployment, parse(replicaSetList, listed, object).items);
      return own.map((set) => revisionOf(set, object));
    },
  };
}

type ReplicaSet = z.infer<typeof replicaSetList>["items"][number];

function revisionOf(set: ReplicaSet, object: KubeObject): Revision {
  const { spec } = parse(details, set, object);
  const { containers } = spec.template.spec;
  const container = containers.find(({ name }) => name === object.name) ?? containers[0];
  const identity = identityOf(set.spec.template);
  const noted = set.metadata.annotations ?? {};
  const changeCause = noted[annotations.changeCause];
  return {
    number: Number(noted[annotations.revision] ?? 0),
    ...(identity === undefined ? {} : { identity }),
    ...(changeCause === undefined ? {} : { changeCause }),
    image: container?.image ?? "no container",
    ready: set.status?.readyReplicas ?? 0,
    desired: spec.replicas ?? 1,
  };
}

function parse<T>(schema: z.ZodType<T>, value: unknown, { namespace, name }: KubeObject): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new RolloutError(
    `Deployment ${namespace}/${name} has revisions that are not what the API promises: ${z.prettifyError(parsed.error)}.`,
    { code: "kube-api", exit: "resource", hint: "apps/v1 is needed." },
  );
}
