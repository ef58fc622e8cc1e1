import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { personResolver } from "../../../src/analysis/people.ts";
import type { Identity } from "../../../src/types/approval.ts";

const one = (source: Identity["source"], id: string): Identity => ({ source, id });
const aliases = {
  Dana: ["github:dana-m", "dana@atp.example"],
  Erin: ["azure-devops:erin@corp.example", "github:Erin"],
};

describe("the same person", () => {
  it.each([
    ["case of a login", one("github", "Dana-M"), one("github", "dana-m")],
    ["case of an address", one("git", "Zoe@ATP.example"), one("azure-devops", "zoe@atp.example")],
    ["an address in any source", one("key", "zoe@atp.example"), one("git", "zoe@atp.example")],
    ["a tag in an address", one("git", "zoe+git@atp.example"), one("azure-devops", "zoe@atp.example")],
    ["GitHub's noreply address", one("git", "123+zoe@users.noreply.github.com"), one("github", "Zoe")],
    ["… of the old form", one("git", "zoe@users.noreply.github.com"), one("github", "zoe")],
    ["a wide letter", one("github", "ｚoe"), one("github", "zoe")],
    ["the alias table, login and address", one("github", "dana-m"), one("azure-devops", "dana@atp.example")],
    ["the alias table, by the person's name on a key", one("key", "dana"), one("github", "dana-m")],
    ["the alias table, other sources", one("azure-devops", "Erin@corp.example"), one("github", "erin")],
  ])("%s", (_, a, b) => {
    const person = personResolver(aliases);
    expect(person(a)).toBe(person(b));
  });

  it("joins transitively: two entries that share an identity are one person", () => {
    const person = personResolver({ a: ["github:x", "github:y"], b: ["github:y", "github:z"] });
    expect(person(one("github", "x"))).toBe(person(one("github", "z")));
  });
});

describe("different people", () => {
  it.each([
    ["two logins", one("github", "dana"), one("github", "dana-m")],
    ["the same word in two sources", one("github", "dana-m"), one("environment", "dana-m")],
    ["two addresses", one("git", "zoe@atp.example"), one("git", "zoe@other.example")],
    ["an address and its first part", one("git", "zoe@atp.example"), one("github", "zoe")],
  ])("%s", (_, a, b) => {
    const person = personResolver(aliases);
    expect(person(a)).not.toBe(person(b));
  });
});

it("an alias only ever joins: whoever is one person without the table is one with it", () => {
  const id = fc.constantFrom("a", "b", "c@x.y", "C@x.y", "d");
  const source = fc.constantFrom("github" as const, "git" as const, "key" as const);
  const identity = fc.record({ source, id });
  const table = fc.dictionary(
    fc.constantFrom("p", "q", "r"),
    fc.array(identity.map((i) => `${i.source}:${i.id}`)),
  );
  fc.assert(
    fc.property(table, identity, identity, (written, x, y) => {
      const plain = personResolver();
      const joined = personResolver(written);
      if (plain(x) === plain(y)) expect(joined(x)).toBe(joined(y));
    }),
  );
});
