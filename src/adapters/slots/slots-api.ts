/** The app and the one idle slot beside production that a rollout uses. */
export interface SlotAddress {
  readonly subscriptionId: string;
  readonly resourceGroup: string;
  readonly app: string;
  /** Name of the idle slot, `staging`; never `production`. */
  readonly slot: string;
}

/** Which of the two: production has no name of its own in most calls. */
export type SlotSide = "production" | "idle";

/** The site as ARM describes it. */
export interface SiteReading {
  /** Host that answers for the side, never composed: names are cut and get a suffix. */
  readonly hostName: string;
  /** The last swap that succeeded; ms since the epoch by ARM's clock. */
  readonly lastSwap?: { readonly atMs: number; readonly source: string };
  /** An operation is running on the site. */
  readonly operationId?: string;
  /** A swap with preview waits here: the slot that it was prepared with. */
  readonly preparedWith?: string;
}

/** A rule that sends a share of production's clients to another host, by cookie for an hour. */
export interface RampUpRule {
  readonly name?: string;
  readonly actionHostName?: string;
  /** 0-100 %. */
  readonly reroutePercentage?: number;
}

/** What a failed call means for what to do next. */
export interface ArmFailure {
  /**
   * `in-progress`, `vm-allocation`, `throttled`: nothing happened, try again later. `prepared`: a swap with preview
   * holds the slot. `refused`: ARM says no. `unknown`: nobody knows whether it took effect; read back.
   */
  readonly kind: "in-progress" | "vm-allocation" | "throttled" | "prepared" | "refused" | "unknown";
  readonly message: string;
}

/** How a swap that was asked for is doing, as far as ARM's operation says: never proof that it took effect. */
export type SwapProgress =
  | { readonly status: "running" | "ended" }
  | { readonly status: "failed"; readonly failure: ArmFailure };

/** A swap that ARM has taken. */
export interface RunningSwap {
  /** False where ARM gave no operation to ask: only the site itself can tell. */
  readonly tracked: boolean;
  poll(signal?: AbortSignal): Promise<SwapProgress>;
}

/**
 * One app's slots, over ARM. Reads and writes of settings are retried by the SDK; `startSwap` is sent exactly once,
 * because a swap is its own inverse. What a call throws is for `armFailure` to tell.
 */
export interface SlotsApi {
  readonly address: SlotAddress;
  site(side: SlotSide, signal?: AbortSignal): Promise<SiteReading>;
  /** App settings as they are, values included: never print them. */
  settings(side: SlotSide, signal?: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** Writes some app settings, removes those that are null, and keeps all others. Restarts the side. */
  mergeSettings(
    side: SlotSide,
    values: Readonly<Record<string, string | null>>,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Puts a stack or image (`DOCKER|registry/name:tag`) on the idle slot. */
  setImage(linuxFxVersion: string, signal?: AbortSignal): Promise<void>;
  /** Names of app settings that stay with their slot. */
  stickyNames(signal?: AbortSignal): Promise<readonly string[]>;
  /** Asks once for the swap of the idle slot with production. */
  startSwap(signal?: AbortSignal): Promise<RunningSwap>;
  /**
   * Takes back what a swap with preview prepared, on both sides; harmless where there is nothing. False where ARM
   * refuses because an operation is running, which it may not show otherwise.
   */
  reset(signal?: AbortSignal): Promise<boolean>;
  rampUpRules(signal?: AbortSignal): Promise<readonly RampUpRule[]>;
  setRampUpRules(rules: readonly RampUpRule[], signal?: AbortSignal): Promise<void>;
  /** What stands against a swap, by name: ARM's differences of level Error. */
  obstacles(signal?: AbortSignal): Promise<readonly string[]>;
}
