export { BlueGreenApp } from "./components/blue-green-app.ts";
export type { BlueGreenAppArgs, BlueGreenTransforms } from "./components/blue-green-args.ts";
export {
  type SlotContentArgs,
  SlotRelease,
  type SlotReleaseArgs,
  type SlotReleaseLimits,
  type StickySettings,
} from "./components/slot-release.ts";
