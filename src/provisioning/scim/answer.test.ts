import { expect, test } from "vitest";
import { idOf, isActive, jsonOf, listOf, retryAfterOf, wordsOf } from "./answer.ts";

const NOW = Date.parse("2026-11-29T00:00:00Z");

test.each([
  ["seconds", { "retry-after": "30" }, 30_000],
  ["a date", { "retry-after": "Sun, 29 Nov 2026 00:01:00 GMT" }, 60_000],
  ["a date that is past", { "retry-after": "Sat, 28 Nov 2026 00:01:00 GMT" }, 0],
  ["another header", { "x-retry-after": "5" }, 5000],
  ["nonsense", { "retry-after": "soon" }, null],
  ["for ever", { "retry-after": "9000000000000" }, 24 * 3_600_000],
  ["a moment in seconds", { "ratelimit-reset": String(NOW / 1000 + 60) }, 60_000],
  ["nothing", {}, null],
])("how long to leave the app alone: %s", (_, headers, wait) => {
  expect(retryAfterOf(headers as Record<string, string>, NOW)).toBe(wait);
});

test.each([
  ["a list", { totalResults: 1, Resources: [{ id: "1" }] }, 1],
  ["names in other case", { TotalResults: 1, resources: [{ id: "1" }] }, 1],
  ["nobody, without a list", { schemas: ["…:ListResponse"], totalResults: 0 }, 0],
  ["somebody, and shows nobody", { totalResults: 1, Resources: [] }, null],
  ["nothing that is a resource", { totalResults: 1, Resources: [null] }, null],
  ["no number", { totalResults: null, error: "backend down" }, null],
  ["things that are no resources among them", { totalResults: 3, Resources: [null, 1, {}] }, 1],
  ["an empty object", {}, null],
  ["an error", { schemas: ["…:Error"], status: "400" }, null],
  ["one resource", { id: "1", userName: "a" }, null],
  ["a total without a list", { totalResults: 5 }, null],
  ["nothing", null, null],
])("a list of resources: %s", (_, json, length) => {
  expect(listOf(json)?.resources.length ?? null).toBe(length);
});

test.each([
  [{ id: "a/b c" }, "a/b c"],
  [{ ID: 7 }, "7"],
  [{ id: 2 ** 53 }, null],
  [{ id: " " }, null],
  [{ id: {} }, null],
  [null, null],
])("the id of %j", (resource, id) => {
  expect(idOf(resource)).toBe(id);
});

test("an id of 64 bits that is a number is not rounded", () => {
  expect(idOf(jsonOf('{"id": 1234567890123456781}'))).toBe("1234567890123456781");
});

test("active is read leniently", () => {
  const texts = [true, "True", undefined, false, "False", "false"].map((active) => ({ active }));
  expect(texts.map(isActive)).toEqual([true, true, true, false, false, false]);
});

test("the app's own words are the detail, the title of a page, or the text", () => {
  const words = (text: string): string => wordsOf({ json: jsonOf(text), text });
  expect(words('{"detail": "no such group", "status": "400"}')).toBe("no such group");
  expect(words("<!DOCTYPE html><title>Bad Gateway</title>")).toBe("Bad Gateway");
  expect(words("<html>")).toBe("a web page");
  expect(words(" Unauthorized ")).toBe("Unauthorized");
});
