/** One app of App Service and its idle slot. */
export interface SlotLeverConfig {
  readonly kind: "app-service-slot";
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  /** Name of the app in Azure; default: the service. */
  readonly app: string;
  /** Name of the idle slot; default `staging`. */
  readonly slot: string;
  /** Path at which the app answers its build id; absent: it isn't asked. */
  readonly buildPath?: string;
  /** ARM's base URL; absent: the public cloud's. */
  readonly endpoint?: string;
}

/**
 * What is checked on the idle side before a swap: its health and readiness always, the rest where it is named. Only
 * all-pass swaps.
 */
export interface ValidateConfig {
  /** Base URL of the idle side; absent: the slot's own host, on Kubernetes that of the candidate's health URLs. */
  readonly url?: string;
  readonly healthPath: string;
  readonly readyPath: string;
  /** Program and arguments; finds the idle side in `VALIDATE_URL`. */
  readonly smoke?: readonly string[];
  /** Connection string. Secret. */
  readonly postgres?: string;
  /** A queue; subscription and resource group default to those of the slot. */
  readonly serviceBus?: {
    readonly namespace: string;
    readonly queue: string;
    readonly resourceGroup?: string;
    readonly subscriptionId?: string;
  };
  readonly keyVault?: { readonly url: string; readonly secret: string };
  /** For each check but the smoke command. */
  readonly timeoutSeconds: number;
  readonly smokeTimeoutSeconds: number;
}

/** What a stack rolls out: a service on Kubernetes, an app with slots, the node pools of a cluster, or a flag alone. */
export type Platform = "kubernetes" | "app-service" | "node-pools" | "app-configuration";
