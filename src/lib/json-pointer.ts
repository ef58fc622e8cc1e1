/** The value that a JSON pointer (RFC 6901) points to; undefined where nothing stands there. Own members only. */
export function atPointer(value: unknown, pointer: string): unknown {
  if (pointer === "") return value;
  if (!pointer.startsWith("/")) return undefined;
  let at = value;
  for (const part of pointer.slice(1).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = /^(0|[1-9]\d*)$/.test(name) ? at[Number(name)] : undefined;
    else if (at !== null && typeof at === "object" && Object.hasOwn(at, name)) {
      at = (at as Readonly<Record<string, unknown>>)[name];
    } else return undefined;
  }
  return at;
}
