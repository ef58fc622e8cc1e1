import { CanaryDeployment } from "../components/canary-deployment.ts";
import { rolloutProgram } from "./rollout-program.ts";

/** What differs between the environments; everything about the rollout itself is in `Pulumi.<stack>.yaml`. */
const shapes = {
  prod: { namespace: "atp-prod", replicas: 6, hostname: "ingest.atp.example" },
  dev: { namespace: "atp-dev", replicas: 1, hostname: "ingest.dev.atp.example" },
};

export default rolloutProgram(async (rollout) => {
  const shape = rollout.environment === "dev" ? shapes.dev : shapes.prod;

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
