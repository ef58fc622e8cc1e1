/** An object of JSON that a patch is applied to. */
export type JsonObject = { [key: string]: unknown };

/** A patch that the API does not take, with its HTTP status and reason. */
export class PatchRefused extends Error {
  readonly status: number;
  readonly reason: string;

  constructor(status: number, reason: string, message: string) {
    super(message);
    this.name = "PatchRefused";
    this.status = status;
    this.reason = reason;
  }
}

/**
 * The object after a patch of one of the API's kinds; the given one stays as it is. A strategic merge is a merge for all
 * that can be changed of a node: its taints are replaced as a whole, too. Throws `PatchRefused`.
 */
export function patched(object: JsonObject, contentType: string, patch: unknown): JsonObject {
  const kind = contentType.split(";")[0]?.trim();
  if (kind === "application/json-patch+json") {
    if (!Array.isArray(patch)) throw new PatchRefused(400, "BadRequest", "a JSON patch is a list");
    const copy = structuredClone(object);
    for (const operation of patch) apply(copy, Object(operation));
    return copy;
  }
  if (kind !== "application/merge-patch+json" && kind !== "application/strategic-merge-patch+json") {
    throw new PatchRefused(
      415,
      "UnsupportedMediaType",
      `the body of the request was in an unknown format: ${kind}`,
    );
  }
  if (!isObject(patch)) throw new PatchRefused(400, "BadRequest", "a merge patch is an object");
  return merged(object, patch);
}

/** RFC 7386. */
function merged(target: JsonObject, patch: JsonObject): JsonObject {
  const result = { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else if (isObject(value)) result[key] = merged(isObject(result[key]) ? result[key] : {}, value);
    else result[key] = value;
  }
  return result;
}

/** RFC 6902, of objects. */
function apply(object: JsonObject, { op, path, value }: JsonObject): void {
  const keys = String(path)
    .split("/")
    .slice(1)
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"));
  const last = keys.pop() ?? "";
  let place: unknown = object;
  for (const key of keys) place = isObject(place) ? place[key] : undefined;
  if (!isObject(place)) throw refused();
  const there = Object.hasOwn(place, last);
  if (op === "add") place[last] = value;
  else if (op === "replace" && there) place[last] = value;
  else if (op === "remove" && there) delete place[last];
  else if (op !== "test" || !isEqual(place[last], value)) throw refused();
}

/** A test of null holds where nothing stands. */
function isEqual(found: unknown, value: unknown): boolean {
  return JSON.stringify(found ?? null) === JSON.stringify(value ?? null);
}

/** The API server says no more of a patch that does not apply. */
function refused(): PatchRefused {
  return new PatchRefused(422, "Invalid", "the server rejected our request due to an error in our request");
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
