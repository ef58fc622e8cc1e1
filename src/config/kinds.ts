/** The parts of a policy that name a vendor by `kind`. */
export type KindField = "metrics" | "health" | "lever" | "notify" | "record" | "change";

/**
 * Kinds that the design has but that are not built yet. They are refused by name, with those that are
 * built, instead of being called unknown. What is built stands in the schema alone.
 */
export const plannedKinds: Readonly<Record<KindField, readonly string[]>> = {
  metrics: ["command"],
  health: ["command"],
  lever: [],
  notify: [],
  record: ["azure-blob"],
  change: ["service-now"],
};
