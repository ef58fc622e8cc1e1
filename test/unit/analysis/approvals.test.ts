import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { approvalRequest, gather } from "../../../src/analysis/approval-sources.ts";
import {
  approvalLine,
  parseStatement,
  statementText,
  subjectsIn,
} from "../../../src/analysis/approval-text.ts";
import { type ApprovalCheck, approvalTermMs, checkApprovals } from "../../../src/analysis/approvals.ts";
import type { Approval, ApprovalSubject, Identity } from "../../../src/types/approval.ts";
import { signatory, signedApproval, signText } from "../../support/signed-approvals.ts";

const now = Date.parse("2026-01-15T10:00:00Z");
const minutesAgo = (minutes: number) => new Date(now - minutes * 60_000).toISOString();
const subject: ApprovalSubject = { stack: "prod", version: "1.2.4", planHash: "4".repeat(64) };
const dana = signatory("dana@atp.example");
const erin = signatory("erin@atp.example");
const mallory = signatory("mallory@atp.example");

type Review = Extract<Approval, { kind: "review" }>;
const review = (id: string, overrides: Partial<Review> = {}): Review => ({
  kind: "review",
  by: { source: "github", id },
  person: true,
  decision: "approved",
  at: minutesAgo(30),
  comment: `looks fine\n${approvalLine(subject)}`,
  where: "run 42",
  ...overrides,
});
const signed = (who = dana, overrides: Partial<Parameters<typeof signedApproval>[1]> = {}) =>
  signedApproval(who, { ...subject, by: who.person, at: minutesAgo(30), ...overrides });
const github = (id: string): Identity => ({ source: "github", id });

const check = (approvals: readonly Approval[], overrides: Partial<ApprovalCheck> = {}) =>
  checkApprovals({
    ...subject,
    required: 2,
    approvals,
    authors: [github("alice")],
    requesters: [github("rick")],
    now,
    expiresAfterMs: approvalTermMs(undefined),
    trustedKeys: [dana.trusted, erin.trusted],
    ...overrides,
  });

describe("approvals that count", () => {
  it.each([
    ["two people of GitHub", [review("dana"), review("erin")]],
    ["two signatures", [signed(dana), signed(erin)]],
    ["one of each", [review("fred"), signed(erin)]],
    [
      "GitHub and Azure DevOps",
      [review("fred"), review("", { by: { source: "azure-devops", id: "gina@atp.example" } })],
    ],
    [
      "the approval of one stack among several in a comment",
      [
        review("dana", {
          comment: `${approvalLine({ ...subject, stack: "prod-us" })}\n\`${approvalLine(subject)}\``,
        }),
        review("erin"),
      ],
    ],
    ["a refused one beside them", [review("alice"), review("dana"), review("erin")]],
  ])("%s", (_, approvals) => {
    expect(check(approvals)).toMatchObject({ ok: true, counted: [{}, {}] });
  });

  it("says who, when, and until when", () => {
    const { counted, message } = check([review("dana"), signed(erin)]);
    expect(counted[0]).toEqual({
      by: "github:dana",
      at: minutesAgo(30),
      where: "run 42",
      expiresAtMs: now - 30 * 60_000 + 24 * 3_600_000,
    });
    expect(message).toBe("2 of 2 approvals count (github:dana, key:erin@atp.example)");
  });

  it("needs as many as asked: none for none, three for three", () => {
    expect(check([], { required: 0, authors: undefined, requesters: undefined }).ok).toBe(true);
    expect(check([review("dana"), review("erin")], { required: 3 }).ok).toBe(false);
    expect(check([review("dana")])).toMatchObject({
      ok: false,
      message: "1 of 2 approvals count (github:dana)",
    });
  });
});

const tampered = (approval: ReturnType<typeof signed>, change: (text: string) => string) => ({
  ...approval,
  text: Buffer.from(change(Buffer.from(approval.text, "base64").toString("utf8"))).toString("base64"),
});
const day = 24 * 60;

/** Each with a second, good approval beside it: alone it is what keeps the rollout from starting. */
const refused: readonly [string, Approval | readonly Approval[], string, Partial<ApprovalCheck>?][] = [
  [
    "forged: a text that was changed after the signature",
    tampered(signed(), (t) => t.replace('"prod"', '"prod" ')),
    "bad-signature",
  ],
  [
    "forged: another version under an old signature",
    tampered(signed(dana, { version: "1.2.3" }), (t) => t.replace("1.2.3", "1.2.4")),
    "bad-signature",
  ],
  ["forged: no signature", { ...signed(), signature: "" }, "bad-signature"],
  [
    "forged: Dana's name with Mallory's key",
    {
      ...signed(),
      signature: signText(mallory, statementText({ ...subject, by: dana.person, at: minutesAgo(30) })),
    },
    "bad-signature",
  ],
  ["forged: Erin's name, signed by Dana", signed(dana, { by: erin.person }), "wrong-person"],
  ["unknown key: Mallory as herself", signed(mallory), "unknown-key"],
  [
    "a key that is listed for two people",
    signed(),
    "shared-key",
    { trustedKeys: [dana.trusted, { ...dana.trusted, person: "fred" }] },
  ],
  ["a text of another format", { ...signed(), text: Buffer.from("approve").toString("base64") }, "malformed"],
  [
    "a member that the format doesn't have",
    tampered(signed(), (t) => t.replace("{", '{"x":1,')),
    "malformed",
  ],
  ["replayed: signed for another stack", signed(dana, { stack: "staging" }), "wrong-stack"],
  ["replayed: signed for another version", signed(dana, { version: "1.2.3" }), "wrong-version"],
  ["plan changed since it was signed", signed(dana, { planHash: "5".repeat(64) }), "plan-changed"],
  [
    "replayed: a review of another stack",
    review("dana", { comment: approvalLine({ ...subject, stack: "test" }) }),
    "wrong-stack",
  ],
  [
    "plan changed since the review",
    review("dana", { comment: approvalLine({ ...subject, planHash: "5".repeat(64) }) }),
    "plan-changed",
  ],
  ["a review that names no plan", review("dana", { comment: "LGTM" }), "names-no-plan"],
  [
    "a review that names the start of the hash",
    review("dana", { comment: `approve prod 1.2.4 plan ${"4".repeat(16)}` }),
    "names-no-plan",
  ],
  [
    "a review that quotes the line within a sentence",
    review("dana", { comment: `don't ${approvalLine(subject)}` }),
    "names-no-plan",
  ],
  ["the same person twice", [review("erin"), review("Erin")], "same-person", { required: 3 }],
  ["an author of the commits", review("Alice"), "author"],
  [
    "an author by the commit's address",
    review("dana"),
    "author",
    { authors: [{ source: "git", id: "9+dana@users.noreply.github.com" }] },
  ],
  [
    "an author under another name of the alias table",
    signed(),
    "author",
    { aliases: { Dana: ["github:dana-m", dana.person] }, authors: [github("dana-m")] },
  ],
  ["the requester", review("rick"), "requester"],
  [
    "the requester by $USER and the alias table",
    review("rick-h"),
    "requester",
    {
      requesters: [{ source: "environment", id: "rick" }],
      aliases: { Rick: ["github:rick-h", "environment:rick"] },
    },
  ],
  ["$USER", review("dana", { by: { source: "environment", id: "dana" } }), "unverifiable-source"],
  [
    "a commit's author line",
    review("dana", { by: { source: "git", id: "dana@atp.example" } }),
    "unverifiable-source",
  ],
  [
    "a key without a signature",
    review("dana", { by: { source: "key", id: dana.person } }),
    "unverifiable-source",
  ],
  ["a bot", review("dependabot[bot]", { person: false }), "not-a-person"],
  ["expired: exactly a day old", review("dana", { at: minutesAgo(day) }), "expired"],
  [
    "expired: an hour, for a hotfix",
    review("dana", { at: minutesAgo(60) }),
    "expired",
    { expiresAfterMs: approvalTermMs("hotfix") },
  ],
  ["dated in the future", signed(dana, { at: minutesAgo(-6) }), "from-the-future"],
  ["without a date", (({ at: _at, ...rest }) => rest)(review("dana")), "undated"],
  ["with a date that is none", review("dana", { at: "yesterday" }), "undated"],
  [
    "used by an earlier rollout of the same plan",
    review("dana"),
    "already-used",
    { usedUntilMs: now - 20 * 60_000 },
  ],
  ["a rejection", review("dana", { decision: "rejected" }), "rejected"],
];

describe("approvals that don't count", () => {
  it.each(refused)("%s", (_, bad, reason, overrides = {}) => {
    const good = review("gina", { at: minutesAgo(5) });
    const verdict = check([good, bad].flat(), overrides);
    expect(verdict.ok).toBe(false);
    expect(verdict.refused.map((one) => one.reason)).toEqual([reason]);
    expect(verdict.message).toContain(`${reason}, `);
    expect(verdict.counted[0]?.by).toBe("github:gina");
  });

  it("the edges of the term: a ms less than a day, and five minutes ahead", () => {
    const at = new Date(now - day * 60_000 + 1).toISOString();
    expect(check([review("dana", { at }), review("erin", { at: minutesAgo(-5) })]).ok).toBe(true);
  });

  it("one person over two sources counts once, by the alias table", () => {
    const both = [review("dana-m"), signed(dana)];
    expect(check(both, { aliases: { Dana: ["github:dana-m", dana.person] } })).toMatchObject({
      ok: false,
      refused: [{ reason: "same-person" }],
    });
    expect(check(both).ok).toBe(true);
  });

  it("a rejection of this plan blocks, however many agree; one of another plan doesn't", () => {
    const agree = [review("dana"), review("erin"), review("fred")];
    const no = review("gina", { decision: "rejected", at: minutesAgo(3 * day) });
    expect(check([...agree, no])).toMatchObject({ ok: false, counted: [{}, {}, {}] });
    expect(
      check([...agree, { ...no, comment: approvalLine({ ...subject, planHash: "5".repeat(64) }) }]).ok,
    ).toBe(true);
  });

  it.each([["authors"], ["requesters"]] as const)(
    "nobody counts for enough where no source tells the %s",
    (who) => {
      const verdict = check([review("dana"), review("erin")], { [who]: undefined });
      expect(verdict.ok).toBe(false);
      expect(verdict.message).toContain(`no source tells the ${who === "authors" ? "authors" : "requester"}`);
    },
  );
});

describe("properties", () => {
  const anybody = fc.constantFrom("alice", "Alice", "rick", "dana", "DANA", "erin", "fred");
  const approvals = fc.array(fc.tuple(anybody, fc.boolean(), fc.integer({ min: -10, max: 2 * day })), {
    maxLength: 8,
  });
  it("what is ok has as many distinct people as asked, none an author, the requester or late", () => {
    fc.assert(
      fc.property(approvals, fc.nat(3), (written, required) => {
        const all = written.map(([id, bound, age]) =>
          review(id, { at: minutesAgo(age), ...(bound ? {} : { comment: "ok" }) }),
        );
        const verdict = check(all, { required });
        const people = new Set(verdict.counted.map(({ by }) => by.toLowerCase()));
        expect(people.size).toBe(verdict.counted.length);
        expect(people.has("github:alice") || people.has("github:rick")).toBe(false);
        expect(verdict.counted.every(({ expiresAtMs }) => expiresAtMs > now)).toBe(true);
        expect(verdict.ok).toBe(verdict.counted.length >= required);
        expect(verdict.counted.length + verdict.refused.length).toBe(all.length);
      }),
    );
  });

  it("no changed byte of a signed approval still counts as Dana's for this plan", () => {
    const good = signed();
    const length = Buffer.from(good.text, "base64").length;
    fc.assert(
      fc.property(fc.nat(length - 1), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const bytes = Buffer.from(good.text, "base64");
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        expect(check([{ ...good, text: bytes.toString("base64") }], { required: 1 }).ok).toBe(false);
      }),
    );
  });
});

describe("texts", () => {
  it("the line is read back from a comment, hash in any case, several of them", () => {
    const upper = approvalLine(subject).replace(subject.planHash, "AB".repeat(32));
    const comment = `Hi\r\n  ${approvalLine(subject)}  \r\n${upper}`;
    expect(subjectsIn(comment)).toEqual([subject, { ...subject, planHash: "ab".repeat(32) }]);
  });

  it("a statement is read back, and anything else is none", () => {
    const statement = { ...subject, by: "dana", at: "2026-01-15T09:30:00Z" };
    expect(parseStatement(statementText(statement))).toEqual(statement);
    for (const text of ["", "[]", "null", statementText({ ...statement, planHash: "44" })]) {
      expect(parseStatement(text)).toBeUndefined();
    }
  });

  it("a request tells everybody the same, with the line to write", () => {
    const expedited = approvalRequest(
      subject,
      { required: 2, cab: false, expedited: true },
      approvalTermMs("hotfix"),
    );
    expect(expedited).toContain("2 different people to approve its plan, now and in parallel");
    expect(expedited).toContain("holds for 1 h");
    expect(subjectsIn(expedited)).toEqual([subject]);
    expect(
      approvalRequest(subject, { required: 1, cab: true, expedited: false }, approvalTermMs(undefined)),
    ).toContain("1 person to approve");
  });
});

describe("several sources", () => {
  const answer = { status: "value", approvals: [review("dana")] } as const;
  it("put their lists together; authors are unknown only where no source knows them", () => {
    const known = { ...answer, approvals: [review("erin")], authors: [github("alice")] };
    const gathered = gather([
      { name: "a", answer },
      { name: "b", answer: known },
    ]);
    expect(gathered).toMatchObject({ status: "value", approvals: [{}, {}], authors: [github("alice")] });
    expect(gathered).toMatchObject({ requesters: undefined });
  });

  it("one error is an error of all, with the name of the source", () => {
    const error = { status: "error", message: "HTTP 500" } as const;
    expect(
      gather([
        { name: "a", answer },
        { name: "b", answer: error },
      ]),
    ).toEqual({ status: "error", message: "b: HTTP 500" });
  });

  it("none at all knows nobody", () => {
    expect(gather([])).toEqual({ status: "value", approvals: [], authors: undefined, requesters: undefined });
  });
});
