import * as z from "zod";
import type { EnvironmentPolicy } from "../types/policy.ts";
import { duration, key } from "./leaves.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";

const after = (what: string, fallback: string) =>
  duration({ min: "0s", max: "24h" }, { what, fallback }).optional();

/** After how long an alarm goes up. */
export const escalationSchema = key(
  z.union([
    z.literal(false),
    z.strictObject({
      leadAfter: after("Until the deployment lead is told, unless somebody has acknowledged.", "5m"),
      vpAfter: after("Until the VP is told of a service that is down.", "30m"),
      ctoAfter: after("Until the CTO is told of a SEV1.", "1h"),
    }),
  ]),
  {
    what: "After how long an alarm that nobody has acknowledged goes up, or false.",
    rule: "an object with leadAfter, vpAfter or ctoAfter, or false",
    hint: "Write { leadAfter: 10m }.",
    fallback: "preset",
  },
);

/** The guide's path: on in production, off elsewhere. */
export function pickEscalation(written: WrittenConfig, pick: Picker): Pick<EnvironmentPolicy, "escalation"> {
  const { escalation, preset } = written;
  const isOn =
    escalation === undefined ? preset === "production" || preset === "hotfix" : escalation !== false;
  if (!isOn) return {};
  const { leadAfter, vpAfter, ctoAfter } =
    escalation === undefined || escalation === false ? ({} as const) : escalation;
  const seconds = (name: string, text: string | undefined, value: number) =>
    pick(`escalation.${name}`, secondsOf(text), { from: "preset", value });
  return {
    escalation: {
      leadAfterSeconds: seconds("leadAfterSeconds", leadAfter, 300),
      vpAfterSeconds: seconds("vpAfterSeconds", vpAfter, 1800),
      ctoAfterSeconds: seconds("ctoAfterSeconds", ctoAfter, 3600),
    },
  };
}
