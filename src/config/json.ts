/** A place in a value: names and indices. */
export type Path = readonly PropertyKey[];

/** Whether a value is an object with members, no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The member of a value at a path; undefined where there is none. Inherited members don't count. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce(member, root);
}

function member(value: unknown, step: PropertyKey): unknown {
  if (Array.isArray(value)) return value[Number(step)];
  const name = String(step);
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** A path as people write it: `rollout.increments[1].exposure`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    const name = String(step);
    return /^[A-Za-z_][\w-]*$/.test(name) ? `${text}.${name}` : `${text}[${JSON.stringify(name)}]`;
  }, "rollout");
}
