import { expect, it } from "vitest";
import { uuidOfName } from "../../../src/lib/uuid.ts";

it("is the version 5 of RFC 9562: its own example", () => {
  const dns = "6ba7b810-9dad-11d1-80b4-00c04fd430c8";
  expect(uuidOfName("www.example.com", dns)).toBe("2ed6657d-e927-568b-95e1-2665a8aea6a2");
});

it("same name, same id; another name, another", () => {
  expect(uuidOfName("größe")).toBe(uuidOfName("größe"));
  expect(uuidOfName("größe")).not.toBe(uuidOfName("grosse"));
});
