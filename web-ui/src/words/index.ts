import { computed, effect, signal } from "@preact/signals";
import { en, type Words } from "./en";
import { zh } from "./zh";

/** Languages of the page, each named in itself. */
export const languages = { "zh-CN": "中文", en: "English" } as const;
export type Language = keyof typeof languages;

const dictionaries: Record<Language, Words> = { "zh-CN": zh, en };
const KEPT = "branchline.language";

/** The language kept by the reader, else the browser's, else English. */
export function firstLanguage(kept: string | null, browser: readonly string[]): Language {
  if (kept === "zh-CN" || kept === "en") return kept;
  for (const wish of browser) {
    if (/^zh\b/i.test(wish)) return "zh-CN";
    if (/^en\b/i.test(wish)) return "en";
  }
  return "en";
}

export const language = signal<Language>(
  firstLanguage(localStorage.getItem(KEPT), navigator.languages),
);
const words = computed(() => dictionaries[language.value]);

/** The words of the page; a component that calls it follows a change of language. */
export function say(): Words {
  return words.value;
}

export function chooseLanguage(chosen: Language): void {
  localStorage.setItem(KEPT, chosen);
  language.value = chosen;
}

effect(() => {
  document.documentElement.lang = language.value;
});
