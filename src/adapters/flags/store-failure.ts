import { RolloutError } from "../../errors/errors.ts";

/** HTTP status of an SDK's error; undefined where none came. */
export function statusOf(error: unknown): number | undefined {
  const status: unknown = Object(error).statusCode;
  return typeof status === "number" ? status : undefined;
}

/** What the store asks to wait for, in ms; undefined where it says nothing. */
export function retryAfterOf(error: unknown): number | undefined {
  const value: unknown = Object(error).response?.headers?.get?.("retry-after-ms");
  const ms = typeof value === "string" && value !== "" ? Number(value) : Number.NaN;
  return ms >= 0 ? ms : undefined;
}

/** `passing`: to ask again can help. A lost connection, 408, 429 and 5xx can; what never left this machine can't. */
export function failureOf(error: unknown): { readonly passing: boolean } {
  const status = statusOf(error);
  if (status !== undefined) return { passing: status === 408 || status === 429 || status >= 500 };
  // A request that failed has a RestError; a token that wasn't given, or our own mistake, has not.
  return { passing: Object(error).name === "RestError" };
}

/** Status, or the code or kind of what went wrong before one came. Never a message or body, which may hold the flag or a token. */
export function textOf(error: unknown): string {
  if (typeof error === "string") return error;
  const status = statusOf(error);
  if (status !== undefined) return `HTTP ${status}`;
  const { code, name } = Object(error);
  return typeof code === "string" ? code : String(name ?? "no answer");
}

/** An error for people: `flag-denied` where rights are missing, else `flag-store`. */
export function storeError(done: "read" | "written", name: string, cause: unknown): RolloutError {
  const status = statusOf(cause);
  const signIn =
    Object(cause).name === "CredentialUnavailableError" || Object(cause).name === "AuthenticationError";
  if (status === 401 || status === 403 || signIn) {
    return new RolloutError(`${name} could not be ${done}: ${textOf(cause)}.`, {
      code: "flag-denied",
      exit: "auth",
      hint: "It takes the role App Configuration Data Owner, and a store that is open to this network.",
    });
  }
  return new RolloutError(`${name} could not be ${done}: ${textOf(cause)}.`, {
    code: "flag-store",
    exit: "resource",
    hint: "See that the endpoint of the store is right and that it answers.",
  });
}
