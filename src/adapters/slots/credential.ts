import type { TokenCredential } from "../../lib/token-credential.ts";

/**
 * The ambient identity, as the Azure SDK finds it: workload identity, managed identity, environment, the Azure CLI.
 * Loaded when it is opened; asks nobody before the first token is needed.
 */
export async function openCredential(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import("@azure/identity");
  const credential = new DefaultAzureCredential();
  return { getToken: (scopes, options) => credential.getToken(scopes, options) };
}
