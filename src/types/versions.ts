/** Names of both versions of one rollout, and their identities. */
export interface Versions {
  readonly from: string;
  readonly to: string;
  readonly identity: { readonly stable?: string; readonly candidate?: string };
}
