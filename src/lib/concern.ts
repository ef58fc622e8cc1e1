import type { Guard } from "../types/communication.ts";
import type { Concern } from "../types/concern.ts";

/** What a concern is, for people: `data corruption`. */
export const concernWords: Readonly<Record<Concern, string>> = {
  corruption: "data corruption",
  compliance: "a compliance violation",
};

/** Whom a concern calls. */
export const guards: Readonly<Record<Concern, Guard>> = { corruption: "security", compliance: "compliance" };
