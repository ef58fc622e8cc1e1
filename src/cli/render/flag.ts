import type { MeantFlag } from "../flag-meant.ts";
import { refreshTexts } from "../flag-refresh.ts";
import type { FlagInStore, FlagStatusView, TenantAnswer } from "../flag-status.ts";
import { columns, type Paint, painter } from "./human.ts";
import { ago, flagShare, stepLabel } from "./words.ts";

/** A flag's status for people. */
export function renderFlag(
  view: FlagStatusView,
  { color, nowMs }: { readonly color: boolean; readonly nowMs: number },
): string {
  const paint = painter(color);
  const { flag, stack, store, endpoint, label, warnings } = view;
  const where = `${endpoint}, ${label === undefined ? "no label" : `label ${label}`}`;
  const [refresh = "", ...more] = refreshTexts(view.refresh);
  const rows = [
    ["  ", "store", where],
    ...(store === undefined ? [] : [["  ", "", storeText(store, nowMs)]]),
    ...meantRows(view),
    ...(view.off === undefined ? [] : [["  ", "emergency", offText(view.off, nowMs)]]),
    ["  ", "refresh", refresh],
    ...more.map((text) => ["  ", "", text]),
    ...(view.tenant === undefined ? [] : tenantRows(view.tenant)),
  ];
  return [
    `${paint("bold", flag)} on ${stack}: ${headline(store, paint)}`,
    "",
    columns(rows),
    ...(warnings.length === 0 ? [] : ["", ...warnings.map((text) => `  ${paint("yellow", `! ${text}`)}`)]),
  ].join("\n");
}

function headline(store: FlagInStore | undefined, paint: Paint): string {
  if (store === undefined) return paint("yellow", "not in the store");
  const { enabled, exposure = 0 } = store;
  if (enabled === undefined) return paint("yellow", "can't be read");
  if (!enabled) return "off";
  return exposure === 0 ? "on, for nobody" : paint("green", `on, ${flagShare(exposure)}`);
}

function storeText({ etag, changedAt, locked }: FlagInStore, nowMs: number): string {
  const changed = changedAt === undefined ? "" : `, changed ${ago(changedAt, nowMs)}`;
  return `etag ${etag}${changed}${locked ? ", locked" : ""}`;
}

function meantRows({ meant, differences, store }: FlagStatusView): readonly (readonly string[])[] {
  if (meant === undefined) return [["  ", "meant", "no rollout of this journal has moved it"]];
  const text = `${meantText(meant)} (${stepLabel(meant.step)} of ${meant.version}${meant.inFlight ? ", in flight" : ""})`;
  if (store === undefined || differences === undefined) return [["  ", "meant", text]];
  if (differences.length === 0) return [["  ", "meant", `${text}, and so it is`]];
  return [["  ", "meant", text], ...differences.map((one) => ["  ", "differs", one])];
}

function meantText({ exposure }: MeantFlag): string {
  return exposure === undefined ? "the journal can't tell" : flagShare(exposure);
}

const followed: Readonly<Record<string, string>> = {
  "switched-off": "the stack has it off too",
  "off-already": "the stack had it off already",
  "kept-off": "the stack still has it open, and doesn't know all that stands in it",
  "off-failed": "the stack still has it open",
};

/** `off 5 min ago by dana: …; the stack has it off too`. */
export function offText(
  { by, reason, at, outcome }: NonNullable<FlagStatusView["off"]>,
  nowMs: number,
): string {
  const stack = followed[outcome ?? ""] ?? "nobody knows what became of the stack";
  return `off ${ago(at, nowMs)} by ${by}: ${reason}; ${stack}`;
}

function tenantRows({ id, groups, enabled, variant, random }: TenantAnswer): readonly (readonly string[])[] {
  const who = groups.length === 0 ? id : `${id} (${groups.join(", ")})`;
  const gets = variant === undefined ? "" : `, variant ${variant}`;
  return [
    ["  ", "tenant", `${who}: ${enabled ? "on" : "off"}${gets}`],
    ...(random
      ? [["  ", "", "without its Percentage filter, which draws anew at each call and only in .NET"]]
      : []),
  ];
}
