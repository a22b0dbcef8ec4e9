/** The text being edited, kept in this tab until it is applied or discarded. It may hold a trunk's
 * password, so it never outlives the tab. */
export interface Draft {
  /** Version of the site it was based on. */
  base: number;
  text: string;
}

const KEPT = "branchline.draft";

export function keptDraft(): Draft | undefined {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEPT) ?? "null");
    if (kept !== null && typeof kept === "object" && "base" in kept && "text" in kept) {
      return { base: Number(kept.base), text: String(kept.text) };
    }
  } catch {
    // Whatever stood there was not ours.
  }
  return undefined;
}

export function keepDraft(draft: Draft | undefined): void {
  if (draft) sessionStorage.setItem(KEPT, JSON.stringify(draft));
  else sessionStorage.removeItem(KEPT);
}
