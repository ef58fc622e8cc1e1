import { exposureAnnotation } from "../../plan/cohort.ts";
import { exposureOf, type HttpRoute, type RolloutRule, type SideNames, shapeError } from "./route-shape.ts";

/**
 * The exposure of the whole route, 0-100 %. Rules that agree say it themselves; where whole tenants move, theirs give the
 * candidate all and everybody else's none, and the route's annotation says what share of the tenants that is. Throws
 * `route-shape` where they disagree in any other way.
 */
export function routeExposure(rules: readonly RolloutRule[], route: HttpRoute, names: SideNames): number {
  const exposures = rules.map((rule) => exposureOf(rule, route, names));
  const [exposure = 0] = exposures;
  if (exposures.every((one) => one === exposure)) return exposure;
  const others = exposures.at(-1);
  const declared = Number(route.metadata.annotations?.[exposureAnnotation] ?? Number.NaN);
  const whole = others === 0 && exposures.slice(0, -1).every((one) => one === 100);
  if (whole && declared > 0 && declared < 100) return declared;
  throw shapeError(route, names, `its rules disagree, the candidate has ${exposures.join(", ")} %`);
}
