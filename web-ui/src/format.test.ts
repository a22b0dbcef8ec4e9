import { beforeEach, expect, test } from "vitest";
import { age, emotionWords, fromIsoDay, isoDay, length, midnight, party } from "./format";
import { chooseLanguage } from "./words";

beforeEach(() => chooseLanguage("en"));

test("lengths read like a clock, hours only where there are some", () => {
  expect([0, 7_400, 61_000, 3_723_000, -5].map(length)).toEqual([
    "0:00",
    "0:07",
    "1:01",
    "1:02:03",
    "0:00",
  ]);
});

test("a party is the number a person dials", () => {
  const addresses = [
    "sip:13800138000@10.0.0.1;user=phone",
    "tel:+8613800138000",
    '"Li" <sip:reception@branch.example>',
    "4000",
    "sip:anonymous@anonymous.invalid",
    "",
  ];
  expect(addresses.map(party)).toEqual([
    "13800138000",
    "+8613800138000",
    "reception",
    "4000",
    "Unknown number",
    "Unknown number",
  ]);
});

test("an age is told in its largest unit, in the language of the page", () => {
  expect([5_000, 190_000, 7_300_000, 260_000_000].map(age)).toEqual([
    "5 s",
    "3 min",
    "2 h",
    "3 days",
  ]);
  chooseLanguage("zh-CN");
  expect(age(190_000)).toBe("3 分钟");
});

test("labels of any emotion pack become words, unknown ones stay as they are", () => {
  expect(["anger", "Angry", "neutral", "puzzled"].map(emotionWords)).toEqual([
    "angry",
    "angry",
    "calm",
    "puzzled",
  ]);
});

test("a day goes into the address and back", () => {
  const day = midnight(new Date(2026, 10, 22, 15, 30).getTime());
  expect(isoDay(day)).toBe("2026-11-22");
  expect(fromIsoDay("2026-11-22")).toBe(day);
  expect(isoDay(midnight(day, 9))).toBe("2026-12-01");
  expect([null, "", "yesterday", "2026-1-1"].map(fromIsoDay)).toEqual(Array(4).fill(undefined));
});
