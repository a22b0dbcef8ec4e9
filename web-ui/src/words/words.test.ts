import { expect, test } from "vitest";
import { firstLanguage } from ".";
import { en } from "./en";
import { zh } from "./zh";

function leaves(words: object, path = ""): string[] {
  return Object.entries(words).flatMap(([key, value]) =>
    typeof value === "object" ? leaves(value, `${path}${key}.`) : [`${path}${key}`],
  );
}

function texts(words: object): string[] {
  return Object.values(words).flatMap((value) => {
    if (typeof value === "object") return texts(value);
    return typeof value === "function" ? [value(3, 4)] : [value];
  });
}

test("both languages say the same things", () => {
  expect(leaves(zh).sort()).toEqual(leaves(en).sort());
});

test("no word is empty", () => {
  expect([...texts(en), ...texts(zh)].filter((text) => text.trim() === "")).toEqual([]);
});

test("the language is the kept one, else the browser's first known, else English", () => {
  expect(firstLanguage("en", ["zh-CN"])).toBe("en");
  expect(firstLanguage(null, ["fr", "zh-TW", "en"])).toBe("zh-CN");
  expect(firstLanguage("xx", ["en-GB", "zh"])).toBe("en");
  expect(firstLanguage(null, [])).toBe("en");
});
