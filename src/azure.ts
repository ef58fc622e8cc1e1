export { BlueGreenApp } from "./components/blue-green-app.ts";
export type { BlueGreenAppArgs } from "./components/blue-green-args.ts";
export type { FeatureFlagRolloutArgs } from "./components/feature-flag-args.ts";
export { FeatureFlagRollout } from "./components/feature-flag-rollout.ts";
export {
  SlotRelease,
  type SlotReleaseArgs,
  type SlotReleaseLimits,
  type StickySettings,
} from "./components/slot-release.ts";
