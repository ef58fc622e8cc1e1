/** What a source says of one item. `empty` is silence, `error` trouble: neither is ever taken for met. */
export type EvidenceAnswer =
  | {
      readonly status: "value";
      readonly met: boolean;
      /** For people: what was found. */
      readonly message: string;
      /** When it was found, ms since the epoch; absent: just now. */
      readonly atMs?: number;
    }
  | { readonly status: "empty" | "error"; readonly message: string };
