/** One message to people. Facts only; true numbers. */
export interface Message {
  /** `progress` and `approval` go to deployments, the rest to incidents. */
  readonly kind: "progress" | "approval" | "hold" | "revert" | "revert-failed" | "promoted";
  readonly title: string;
  readonly text: string;
  readonly rolloutId: string;
}

/** A channel. A channel that fails throws; the driver journals it and goes on: it never blocks a revert. */
export interface Notify {
  readonly name: string;
  send(message: Message, signal?: AbortSignal): Promise<void>;
}
