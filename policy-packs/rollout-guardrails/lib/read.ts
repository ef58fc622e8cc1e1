/** A value of a resource as it may be anything; reading what a preview doesn't know throws. */
export type Members = Readonly<Record<string, unknown>>;

/** An object's members; none where it is no object. */
export function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

/** A list's elements; none where it is no list. */
export function elementsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** Words between commas: `app,linux`, `SystemAssigned, UserAssigned`. */
export function wordsOf(value: unknown): readonly string[] {
  if (typeof value !== "string") return [];
  return value
    .split(",")
    .map((word) => word.trim().toLowerCase())
    .filter((word) => word !== "");
}

/**
 * What somebody wrote of a resource as it comes out; undefined where a preview knows nothing of it. Providers answer a
 * preview with unknown values for all that nobody wrote, so an unknown one is no finding of its own here.
 */
export function written(props: Members, key: string): unknown {
  try {
    return props[key];
  } catch (error) {
    if (isUnknown(error)) return undefined;
    throw error;
  }
}

/** Whether it is the SDK's error for a value that is only known once it is deployed; told by its shape: it needs no import. */
export function isUnknown(error: unknown): error is Error {
  return error instanceof Error && "unknownTypeSentinel" in error;
}

/** Whether it is a share in percent. */
export function isShare(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value <= 100;
}
