import { useCallback, useEffect, useState } from "preact/hooks";

/** The state of one question to the box. The last good answer stays while a new one is awaited. */
export interface Asked<Answer> {
  answer: Answer | undefined;
  problem: unknown;
  isWaiting: boolean;
  again: () => void;
}

/** Asks when shown and whenever `about` changes; an answer that comes too late is dropped. */
export function useAsked<Answer>(
  ask: (stop: AbortSignal) => Promise<Answer>,
  about: readonly unknown[],
): Asked<Answer> {
  const [state, setState] = useState<Omit<Asked<Answer>, "again">>({
    answer: undefined,
    problem: undefined,
    isWaiting: true,
  });
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const stop = new AbortController();
    setState((was) => ({ ...was, isWaiting: true }));
    ask(stop.signal).then(
      (answer) => {
        if (!stop.signal.aborted) setState({ answer, problem: undefined, isWaiting: false });
      },
      (problem: unknown) => {
        if (!stop.signal.aborted) setState((was) => ({ ...was, problem, isWaiting: false }));
      },
    );
    return () => stop.abort();
  }, [...about, turn]);
  const again = useCallback(() => setTurn((was) => was + 1), []);
  return { ...state, again };
}
