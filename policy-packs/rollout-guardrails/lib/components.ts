/** The beginning of the types of this project's components. */
export const componentTypes = "rollouts:index:";

/** The component that opens a flag, by phases of tenants. */
export const flagRollout = `${componentTypes}FeatureFlagRollout`;

/** Whether a resource is one of this project's components. */
export function isComponent({ type }: { readonly type: string }): boolean {
  return type.startsWith(componentTypes);
}
