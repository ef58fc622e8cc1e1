import type { ArmModel, Side } from "./model.ts";
import { vmAllocationMessage } from "./model.ts";

/** One call of ARM's API on the app. */
export interface ArmCall {
  readonly method: string;
  readonly side: "production" | "idle";
  /** What comes after the site or slot, without a slash: `config/web`; empty: the site itself. */
  readonly rest: string;
  readonly body: Record<string, unknown>;
}

/** An answer; `cut` drops the connection instead. */
export interface ArmAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cut?: true;
}

export interface ArmPlace {
  readonly model: ArmModel;
  readonly hosts: { readonly production: string; readonly idle: string };
  readonly slot: string;
  /** URL of an operation. */
  operationUrl(id: string): string;
}

/** Answers one call, by the documented contract. */
export function answerArm(place: ArmPlace, call: ArmCall): ArmAnswer {
  const running = place.model.settle();
  const { method, rest } = call;
  const reads = method === "GET" || /(\/list|^slotsdiffs)$/.test(rest);
  if (rest.startsWith("operationresults/"))
    return operationResult(place, rest.slice("operationresults/".length));
  if (rest === "slotsswap") return swap(place, call);
  if (rest === "resetSlotConfig") return place.model.reset() ? { status: 200 } : conflict(running?.id);
  if (!reads && running !== undefined) return conflict(running.id);
  if (!reads && place.model.preparedWith !== undefined && rest !== "applySlotConfig") return locked();
  return reads ? read(place, call) : write(place, call);
}

function read({ model, hosts }: ArmPlace, { side, rest }: ArmCall): ArmAnswer {
  const at: Side = model[side];
  switch (rest) {
    case "":
      return ok({ name: "atp", properties: siteOf(model, hosts[side]) });
    case "config/appsettings/list":
      return ok({ properties: at.settings });
    case "config/web":
      return ok({
        properties: { linuxFxVersion: at.linuxFxVersion, experiments: { rampUpRules: model.rules } },
      });
    case "config/slotConfigNames":
      return ok({ properties: { appSettingNames: model.sticky } });
    case "slotsdiffs":
      return ok({
        value: model.obstacles.map((difference) => ({
          properties: { ...difference, settingType: "General", valueInCurrentSlot: "a-secret-value" },
        })),
      });
    default:
      return notFound();
  }
}

function write({ model }: ArmPlace, { method, side, rest, body }: ArmCall): ArmAnswer {
  const properties = Object(body["properties"]);
  switch (`${method} ${rest}`) {
    case "PUT config/appsettings":
      // The whole set: what isn't in it is gone.
      model[side].settings = { ...properties };
      return ok({ properties });
    case "PATCH config/web":
      if (properties.linuxFxVersion !== undefined) model[side].linuxFxVersion = properties.linuxFxVersion;
      if (properties.experiments !== undefined) {
        if (model.faults.rulesFail-- > 0)
          return failure(403, "AuthorizationFailed", "no right to write config");
        model.rules = properties.experiments.rampUpRules ?? [];
      }
      return ok({ properties });
    case "POST applySlotConfig":
      if (model.preparedWith !== undefined) {
        const with_ = model.preparedWith;
        return failure(
          409,
          "Conflict",
          `Cannot apply configuration because this slot has already been prepared for swap with slot '${with_}'.`,
        );
      }
      model.preparedWith = String(body["targetSlot"]);
      return { status: 200 };
    default:
      return notFound();
  }
}

function swap(place: ArmPlace, { side, body }: ArmCall): ArmAnswer {
  const { model, slot } = place;
  const { faults } = model;
  const running = model.settle();
  if (faults.lostRequests-- > 0) return { status: 0, cut: true };
  if (faults.throttles-- > 0)
    return { ...failure(429, "TooManyRequests", "slow down"), headers: { "retry-after": "1" } };
  if (running !== undefined || faults.conflicts-- > 0) return conflict(running?.id);
  if (faults.vmAllocation-- > 0) return failure(400, "BadRequest", vmAllocationMessage);
  if (side !== "idle" || String(body["targetSlot"]).toLowerCase() !== "production")
    return failure(400, "BadRequest", "this server swaps the slot with production alone");
  const foreign = model.preparedWith !== undefined && model.preparedWith !== "production";
  if (foreign) return locked();
  const operation = model.begin(slot);
  if (faults.lostResponses-- > 0) return { status: 0, cut: true };
  if (faults.serverErrors-- > 0) return failure(500, "InternalServerError", "try again");
  if (faults.noLocation) return { status: 202 };
  return { status: 202, headers: { location: place.operationUrl(operation.id), "retry-after": "1" } };
}

function operationResult({ model, operationUrl }: ArmPlace, id: string): ArmAnswer {
  const operation = model.operation(id);
  if (operation === undefined) return notFound();
  if (model.faults.pollErrors-- > 0) return failure(500, "InternalServerError", "try again");
  if (!operation.over) return { status: 202, headers: { location: operationUrl(id), "retry-after": "1" } };
  if (operation.failure !== undefined) {
    if (model.faults.failedBody)
      return ok({ status: "Failed", error: { code: "BadRequest", message: operation.failure } });
    return failure(400, "BadRequest", operation.failure);
  }
  return model.faults.noContent ? { status: 204 } : ok({ status: "Succeeded" });
}

function siteOf(model: ArmModel, defaultHostName: string) {
  const running = model.settle();
  return {
    state: "Running",
    defaultHostName,
    ...(model.lastSwap ? { slotSwapStatus: model.lastSwap } : {}),
    ...(running && !model.faults.hidden ? { inProgressOperationId: running.id } : {}),
    ...(model.preparedWith ? { targetSwapSlot: model.preparedWith } : {}),
  };
}

function ok(body: unknown): ArmAnswer {
  return { status: 200, body };
}

function notFound(): ArmAnswer {
  return failure(404, "NotFound", "there is no such thing");
}

function locked(): ArmAnswer {
  return failure(
    409,
    "Conflict",
    "The slot cannot be changed because its configuration settings have been prepared for swap.",
  );
}

function conflict(id = "f98f19e2"): ArmAnswer {
  return failure(
    409,
    "Conflict",
    `Cannot modify this site because another operation is in progress. Details: Id: ${id}, OperationName: SwapSiteSlots`,
  );
}

/** An error as ARM words it. */
export function failure(status: number, code: string, message: string): ArmAnswer {
  return { status, body: { error: { code, message } } };
}
