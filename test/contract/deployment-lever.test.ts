import { afterEach } from "vitest";
import { createDeploymentLever } from "../../src/adapters/lever/deployment.ts";
import { sides, startController } from "../support/http-fake-deployment.ts";
import { type KubeFake, startKubeFake } from "../support/http-fake-kube.ts";
import { leverSuite } from "./lever-suite.ts";

const servers = new Set<KubeFake>();
afterEach(async () => {
  for (const server of servers) await server.close();
  servers.clear();
});

// One Deployment has two versions and nothing between them: its controller moves the pods.
const reach = {
  moves: [0],
  keepsCandidate: false,
  refuses: [-1, 101, 0.5, Number.NaN, 5, 50],
  needsCandidate: { exposure: 100, code: "no-such-revision" },
};

leverSuite(
  "Deployment",
  async () => {
    const kube = await startKubeFake();
    servers.add(kube);
    const controller = startController(kube, 10);
    const config = {
      kind: "http-route" as const,
      namespace: "prod",
      route: "atp",
      kubeconfig: kube.kubeconfig,
    };
    return {
      lever: createDeploymentLever({ config, deployment: "atp", sides }),
      writes: () => kube.requests.filter(({ method }) => method !== "GET").length,
      set: async ({ exposure, hasCandidate }) => controller.share(exposure, hasCandidate),
      breakIt: async () => {
        servers.delete(kube);
        await kube.close();
      },
    };
  },
  reach,
);
