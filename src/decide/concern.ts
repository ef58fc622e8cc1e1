import type { Concern } from "../types/concern.ts";
import type { DecideInput } from "./decide.ts";

/** What a person has said, else broken data: whichever gate the cause names. */
export function concernOf({ requests, observations }: DecideInput): Concern | undefined {
  for (const request of requests)
    if (request.kind === "abort" && request.concern !== undefined) return request.concern;
  const broken = observations.readings.some(
    ({ gate, verdict }) => gate === "integrity" && verdict === "fail",
  );
  return broken ? "corruption" : undefined;
}
