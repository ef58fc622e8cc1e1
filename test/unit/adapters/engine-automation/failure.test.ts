import { expect, test } from "vitest";
import type { EventLog } from "../../../../src/adapters/engine/events.ts";
import { classifyFailure, errorText, type FailedOperation } from "../../../../src/adapters/engine/failure.ts";

const route = "urn:pulumi:prod::atp::kubernetes:gateway.networking.k8s.io/v1:HTTPRoute::api";
const stack = "urn:pulumi:prod::atp::pulumi:pulumi:Stack::atp-prod";
const empty: EventLog = {
  summary: {},
  changes: [],
  violations: [],
  errors: [],
  failedUrns: [],
  finished: false,
};
const conflict =
  'Server-Side Apply field conflict detected: Apply failed with 1 conflict: conflict with "rollouts-lever": .spec.rules';

type Given = Partial<Omit<FailedOperation, "log">> & { readonly log?: Partial<EventLog> };

function classify(operation: Given) {
  const { log, ...rest } = operation;
  return classifyFailure({
    error: new Error("code: -2"),
    aborted: false,
    secrets: ["planted-secret"],
    ...rest,
    log: { ...empty, ...log },
  });
}

/** As the SDK throws it: the CLI's text lies where the typings don't show it. */
function cliError(stderr: string): Error {
  return Object.assign(new Error("code: -2"), { commandResult: { code: -2, err: { stderr, exitCode: 1 } } });
}

const table: readonly { readonly why: string; readonly given: Given; readonly expected: object }[] = [
  {
    why: "a failed resource, with what was said of it",
    given: { log: { failedUrns: [route], errors: [{ urn: route, message: "denied" }] } },
    expected: { kind: "resource", urn: route, message: "denied" },
  },
  {
    why: "the lever owns the route",
    given: { log: { failedUrns: [route], errors: [{ urn: route, message: conflict }] } },
    expected: { kind: "conflict", urn: route, message: conflict },
  },
  {
    why: "inputs that a provider refuses: an error on a resource without a failed step",
    given: { log: { errors: [{ urn: route, message: "bad input" }] } },
    expected: { kind: "resource", urn: route, message: "bad input" },
  },
  {
    why: "a resource fails, and the program with it: the resource is the cause",
    given: { log: { failedUrns: [route] }, programError: new Error("later") },
    expected: { kind: "resource", urn: route },
  },
  {
    why: "the program threw",
    given: { programError: new Error("no such thing"), log: { errors: [{ urn: stack, message: "x" }] } },
    expected: { kind: "program", message: "no such thing" },
  },
  {
    why: "an error of the stack itself, in a program that runs elsewhere",
    given: { log: { errors: [{ urn: stack, message: "Running program failed" }] } },
    expected: { kind: "program", message: "Running program failed" },
  },
  {
    why: "another update holds the stack",
    given: { error: cliError("error: the stack is currently locked by 1 lock(s).\n  more") },
    expected: { kind: "locked", message: "error: the stack is currently locked by 1 lock(s)." },
  },
  {
    why: "a signal that isn't ours ended it in its middle",
    given: { error: { commandResult: { err: { signal: "SIGKILL", stdout: "~ updating" } } } },
    expected: { kind: "unknown", message: "The engine was ended by SIGKILL in the middle of its work." },
  },
  {
    why: "our signal: whatever else was said follows from it",
    given: { aborted: true, log: { failedUrns: [route], errors: [{ urn: route, message: conflict }] } },
    expected: { kind: "cancelled" },
  },
  {
    why: "a mandatory policy",
    given: { log: { violations: [{ policy: "max-step", level: "mandatory", message: "too far" }] } },
    expected: { kind: "unknown", message: "policy max-step: too far" },
  },
  {
    why: "nothing but text",
    given: { error: cliError("warning: a\nerror: something else broke") },
    expected: { kind: "unknown", message: expect.stringContaining("something else broke") },
  },
  {
    why: "a secret in a provider's prose is masked",
    given: { log: { failedUrns: [route], errors: [{ urn: route, message: "bad password planted-secret" }] } },
    expected: { kind: "resource", message: "bad password [secret]" },
  },
];
test.each(table)("$why", ({ given, expected }) => {
  expect(classify(given)).toMatchObject(expected);
});

test("the text of anything that is thrown", () => {
  expect(errorText(cliError("from the CLI"))).toContain("from the CLI");
  expect(errorText("a string")).toBe("a string");
  expect(errorText(undefined)).toBe("undefined");
});
