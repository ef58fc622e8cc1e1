import type { IncomingMessage, ServerResponse } from "node:http";
import type { ArmModel, Side } from "./model.ts";

/** How requests reach the two sides: what App Service's front ends do. */
export interface DataPlane {
  readonly model: ArmModel;
  readonly now: () => number;
  /** Uniform in [0, 1): who a percentage rule takes. */
  readonly random: () => number;
}

const cookieName = "x-ms-routing-name";

/** Production's front end: percentage rules and the cookie that pins clients, then the app. */
export function answerProduction(plane: DataPlane, request: IncomingMessage, response: ServerResponse): void {
  plane.model.settle();
  const { rules, idle, production } = plane.model;
  const pinned = new RegExp(`${cookieName}=([^;]+)`).exec(request.headers.cookie ?? "")?.[1];
  // A rule at 0 % still honours the cookie of who it once took; only a removed one does not.
  const known = pinned === "self" || rules.some(({ name }) => name === pinned);
  const drawn = known ? pinned : draw(plane);
  if (rules.length > 0) response.setHeader("set-cookie", `${cookieName}=${drawn}; path=/; secure`);
  answerApp(plane, drawn === "self" ? production : idle, { request, response });
}

/** The idle slot's own host. While it restarts it answers 503. */
export function answerIdle(plane: DataPlane, request: IncomingMessage, response: ServerResponse): void {
  plane.model.settle();
  const { idle } = plane.model;
  if (plane.now() < idle.restartsUntil) {
    response.writeHead(503).end();
    return;
  }
  answerApp(plane, idle, { request, response });
}

function draw({ model, random }: DataPlane): string {
  let at = random() * 100;
  for (const { name, reroutePercentage } of model.rules) {
    if (at < reroutePercentage) return name;
    at -= reroutePercentage;
  }
  return "self";
}

/** The app: its build at `/version`, its health, and 200 with the build anywhere else. */
function answerApp(
  { model }: DataPlane,
  side: Side,
  exchange: { readonly request: IncomingMessage; readonly response: ServerResponse },
): void {
  const build = side.settings["ROLLOUTS_BUILD_ID"] ?? "";
  const { pathname } = new URL(exchange.request.url ?? "/", "https://app");
  const behaviour = model.builds[build] ?? {};
  const status =
    pathname === "/health/live" ? behaviour.live : pathname === "/health/ready" ? behaviour.ready : 200;
  exchange.request.resume();
  exchange.response.writeHead(status ?? 200, { "content-type": "text/plain", "x-build": build });
  exchange.response.end(`${build}\n`);
}
