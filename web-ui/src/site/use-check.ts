import { useEffect, useState } from "preact/hooks";
import { post, type Schemas } from "../api";

const PAUSE_MS = 400;

export interface Check {
  findings: readonly Schemas["Finding"][];
  /** Names of the draft as the box read it last. */
  names: Schemas["NamesView"] | undefined;
  isChecking: boolean;
  /** Some text was checked already. */
  isKnown: boolean;
  /** The very text shown was checked, and has no error. */
  isGood: boolean;
}

/** Lets the box check the text shortly after the last key. */
export function useCheck(text: string): Check {
  const [state, setState] = useState<
    Omit<Check, "isChecking" | "isKnown"> & { of: string | undefined }
  >({
    findings: [],
    names: undefined,
    isGood: false,
    of: undefined,
  });
  useEffect(() => {
    let isOver = false;
    const timer = setTimeout(async () => {
      try {
        const checked = await post("/api/site/check", { text });
        if (isOver) return;
        setState((was) => ({
          findings: checked.findings,
          names: checked.names ?? was.names,
          isGood: checked.good,
          of: text,
        }));
      } catch {
        // The banner says that the box does not answer; the next key asks again.
      }
    }, PAUSE_MS);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [text]);
  const isChecking = state.of !== text;
  return {
    findings: state.findings,
    names: state.names,
    isChecking,
    isKnown: state.of !== undefined,
    isGood: state.isGood && !isChecking,
  };
}
