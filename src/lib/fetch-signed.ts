import { messageOf } from "./error-message.ts";
import { type Fetched, type FetchWithin, fetchWithin, type NotFetched } from "./fetch-within.ts";
import { redact } from "./redact.ts";
import type { Runtime } from "./runtime.ts";
import type { TokenCredential } from "./token-credential.ts";

/** As whom, and for which API. */
export interface Signing {
  readonly credential: TokenCredential;
  /** `https://management.azure.com/.default` */
  readonly scope: string;
}

/** No token, beside what `fetchWithin` says. */
export type NotSigned =
  | NotFetched
  | { readonly ok: false; readonly reason: "denied"; readonly message: string };

/**
 * One HTTP exchange as an Azure identity. Its time limit covers the token too. Never throws; the token stands in no
 * message, and is taken out of the answer's text.
 */
export async function fetchSigned(
  runtime: Runtime,
  request: FetchWithin,
  { credential, scope }: Signing,
): Promise<Fetched | NotSigned> {
  let secret = "";
  let denied: string | undefined;
  const signed: typeof fetch = async (target, init) => {
    secret = await tokenOf(credential, scope, init?.signal ?? undefined).catch((error: unknown) => {
      denied = messageOf(error);
      throw error;
    });
    const headers = new Headers(init?.headers);
    headers.set("authorization", `Bearer ${secret}`);
    return await runtime.fetch(target, { ...init, headers });
  };
  const answer = await fetchWithin({ ...runtime, fetch: signed }, request);
  if (answer.ok) return { ...answer, text: redact(answer.text, [secret]) };
  if (denied !== undefined && answer.reason === "network")
    return { ok: false, reason: "denied", message: denied };
  return { ...answer, message: redact(answer.message, [secret]) };
}

async function tokenOf(
  credential: TokenCredential,
  scope: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const asked = credential.getToken(scope, signal ? { abortSignal: signal } : {});
  // A credential that hangs doesn't hear the signal.
  const stopped = new Promise<never>((_, reject) => {
    signal?.addEventListener("abort", () => reject(new Error("the request was cancelled")), { once: true });
  });
  const token = await Promise.race([asked, stopped]);
  if (token === null) throw new Error("no identity gives a token");
  return token.token;
}
