import { rolloutProgram } from "pulumi-rollouts";
import { FeatureFlagRollout } from "pulumi-rollouts/azure";

export default rolloutProgram(async (rollout) => {
  new FeatureFlagRollout("atp-tamper-proof", {
    rollout,
    resourceGroup: "atp-prod",
    store: { create: { name: "atp-prod-appconfig" } },
  });
  return rollout.outputs();
});
