import { effect, signal } from "@preact/signals";

/** Light, dark, or as the device says. */
export type Theme = "auto" | "light" | "dark";

const KEPT = "branchline.theme";

export function firstTheme(kept: string | null): Theme {
  return kept === "light" || kept === "dark" ? kept : "auto";
}

export const theme = signal<Theme>(firstTheme(localStorage.getItem(KEPT)));

export function chooseTheme(chosen: Theme): void {
  localStorage.setItem(KEPT, chosen);
  theme.value = chosen;
}

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});
