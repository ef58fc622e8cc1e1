import type { MigrationPhase, PhaseAction, PhasePlan } from "../types/migration.ts";
import type { MigrationConfig } from "../types/migration-config.ts";
import type { EnvironmentPolicy } from "../types/policy.ts";
import type { WrittenConfig } from "./schema.ts";
import { type Picker, secondsOf } from "./settings.ts";

type Written = NonNullable<WrittenConfig["migration"]>;
export type WrittenPhase = Written["phases"][MigrationPhase];
export type WrittenAction = WrittenPhase["do"][number];

/** The guide says weeks, so two of them. */
const weeksSeconds = 14 * 24 * 3600;

const standard = <T>(value: T) => ({ from: "default", value }) as const;

/** The migration, where one is written. `testedIn` falls back on the stacks of `promotedIn`. */
export function pickMigration(
  { migration: written }: WrittenConfig,
  pick: Picker,
  { stacks }: EnvironmentPolicy["promotedIn"],
): Pick<EnvironmentPolicy, "migration"> {
  if (written === undefined) return {};
  const given = <T>(name: string, value: T) => pick(`migration.${name}`, value, standard(value));
  const seconds = (name: "contractAfter" | "testedWithin") =>
    pick(`migration.${name}Seconds`, secondsOf(written[name]), standard(weeksSeconds));
  const migration: MigrationConfig = {
    schemaVersion: pick("migration.schemaVersion", undefined, standard(1 as const)),
    id: given("id", written.id),
    phases: given("phases", phasesOf(written.phases)),
    onFailure: pick("migration.onFailure", written.onFailure, standard("revert" as const)),
    contractAfterSeconds: seconds("contractAfter"),
    testedIn: pick("migration.testedIn", written.testedIn, standard(stacks)),
    testedWithinSeconds: seconds("testedWithin"),
  };
  return { migration };
}

function phasesOf(written: Written["phases"]): MigrationConfig["phases"] {
  return {
    expand: phaseOf(written.expand),
    "dual-write": phaseOf(written["dual-write"]),
    backfill: phaseOf(written.backfill),
    "switch-reads": phaseOf(written["switch-reads"]),
    contract: phaseOf(written.contract),
  };
}

function phaseOf({ do: forward, undo = [], irreversible }: WrittenPhase): PhasePlan {
  return {
    forward: forward.map(actionOf),
    reverse:
      irreversible === undefined
        ? { possible: true, actions: undo.map(actionOf) }
        : { possible: false, reason: irreversible },
  };
}

/** A rule has refused what is neither, or both. */
function actionOf({ run = [], deploy, timeout }: WrittenAction): PhaseAction {
  if (deploy !== undefined) return { kind: "deploy", version: deploy };
  const seconds = secondsOf(timeout);
  return { kind: "command", run, ...(seconds === undefined ? {} : { timeoutSeconds: seconds }) };
}
