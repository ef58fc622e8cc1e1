import type * as k8s from "@pulumi/kubernetes";
import { output } from "@pulumi/pulumi";
import { CanaryDeployment } from "../components/canary-deployment.ts";
import { rolloutProgram } from "./rollout-program.ts";

/** A stack on Kubernetes. */
interface Shape {
  readonly namespace: string;
  readonly replicas: number;
  readonly hostname: string;
  /** The App Configuration store of its flag, and that store's resource group. */
  readonly flag?: { readonly store: string; readonly resourceGroup: string };
}

/** What differs between the stacks; everything about the rollout itself is in `Pulumi.<stack>.yaml`. */
const shapes = new Map<string, Shape>([
  [
    "prod",
    {
      namespace: "atp-prod",
      replicas: 6,
      hostname: "ingest.atp.example",
      flag: { store: "atp-prod-appconfig", resourceGroup: "atp-prod" },
    },
  ],
  ["test", { namespace: "atp-test", replicas: 6, hostname: "ingest.test.atp.example" }],
  ["dev", { namespace: "atp-dev", replicas: 1, hostname: "ingest.dev.atp.example" }],
]);

/** Whose a resource is: labels on Kubernetes, tags on Azure. */
const ownerOf = (environment: string) => ({ owner: "atp", service: "atp-ingestion", environment });

/** Says so of an object. No selector reads these labels, and pods don't have them. */
function owned(environment: string) {
  const labels = ownerOf(environment);
  return <T extends k8s.apps.v1.DeploymentArgs | k8s.core.v1.ServiceArgs>(args: T): T => ({
    ...args,
    metadata: output(args.metadata).apply((metadata) => ({
      ...metadata,
      labels: { ...metadata?.labels, ...labels },
    })),
  });
}

export default rolloutProgram(async (rollout) => {
  if (rollout.environment === "staging") {
    // Loaded here alone: the SDK of Azure is a large one.
    const { BlueGreenApp } = await import("../components/blue-green-app.ts");
    const tags = ownerOf(rollout.environment);
    new BlueGreenApp("atp-ingestion", {
      rollout,
      subscriptionId: "0b1f6471-1bf0-4dda-aec3-cb9272f09590",
      resourceGroup: "atp-staging",
      app: "atp-ingestion-staging",
      plan: { sku: "P1v3", workers: 2 },
      image: "atp.azurecr.io/ingestion",
      port: 8080,
      buildPath: "/version",
      transform: {
        plan: (args) => ({ ...args, tags }),
        app: (args) => ({ ...args, tags }),
        slot: (args) => ({ ...args, tags }),
      },
    });
    return rollout.outputs();
  }
  const shape = shapes.get(rollout.environment);
  // Never another stack's shape by default: that would be a deployment into the wrong namespace.
  if (shape === undefined)
    throw new Error(`No shape for the stack ${rollout.environment}: add it to shapes.`);

  new CanaryDeployment("atp-ingestion", {
    rollout,
    namespace: shape.namespace,
    image: "atp.azurecr.io/ingestion",
    port: 8080,
    replicas: shape.replicas,
    route: { gateway: "atp-gateway", hostnames: [shape.hostname] },
    resources: { requests: { cpu: "500m", memory: "1Gi" }, limits: { cpu: "1", memory: "2Gi" } },
    transform: { deployment: owned(rollout.environment), service: owned(rollout.environment) },
  });
  if (shape.flag !== undefined) {
    const { FeatureFlagRollout } = await import("../components/feature-flag-rollout.ts");
    new FeatureFlagRollout("atp-ingestion-flag", { rollout, ...shape.flag });
  }
  return rollout.outputs();
});
