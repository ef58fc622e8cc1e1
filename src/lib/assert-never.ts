/** For the end of an exhaustive switch: the type checker proves that it can't be reached. */
export function assertNever(value: never, what: string): never {
  throw new Error(`unknown ${what}: ${JSON.stringify(value)}`);
}
