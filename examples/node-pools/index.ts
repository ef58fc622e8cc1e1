import { rolloutProgram } from "pulumi-rollouts";
import { NodePoolRollout } from "pulumi-rollouts/aks";

export default rolloutProgram(async (rollout) => {
  new NodePoolRollout("atp-nodes", {
    rollout,
    resourceGroup: "atp-prod",
    cluster: "atp-prod",
    pools: {
      system: {
        mode: "System",
        vmSize: "Standard_D2s_v5",
        nodes: 2,
        taints: ["CriticalAddonsOnly=true:NoSchedule"],
      },
      work: { vmSize: "Standard_D4s_v5", nodes: 3, autoscale: { min: 3, max: 9 } },
    },
  });
  return rollout.outputs();
});
