import type { TokenCredential } from "../lib/token-credential.ts";

/** The ambient Azure identity. Its library is loaded here; nobody is asked before the first token is needed. */
export async function ambientCredential(): Promise<TokenCredential> {
  const { openCredential } = await import("./slots/credential.ts");
  return await openCredential();
}
