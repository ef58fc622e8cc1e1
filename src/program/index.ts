import { CanaryDeployment } from "../components/canary-deployment.ts";
import { rolloutProgram } from "./rollout-program.ts";

/** What differs between the stacks; everything about the rollout itself is in `Pulumi.<stack>.yaml`. */
const shapes = new Map([
  ["prod", { namespace: "atp-prod", replicas: 6, hostname: "ingest.atp.example" }],
  ["test", { namespace: "atp-test", replicas: 6, hostname: "ingest.test.atp.example" }],
  ["dev", { namespace: "atp-dev", replicas: 1, hostname: "ingest.dev.atp.example" }],
]);

export default rolloutProgram(async (rollout) => {
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
  });

  return rollout.outputs();
});
