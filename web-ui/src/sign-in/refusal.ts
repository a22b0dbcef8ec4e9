import { Refused } from "../api";
import { say } from "../words";

/** A refused sign-in in the reader's words. */
export function refusalWords(problem: unknown): string {
  const words = say().signIn;
  if (!(problem instanceof Refused)) return words.offline;
  switch (problem.word) {
    case "wrong": {
      const left = problem.problem.tries_left;
      return left == null ? words.wrongPlain : words.wrong(left);
    }
    case "locked":
      return words.locked(Math.ceil((problem.problem.retry_after ?? 600) / 60));
    case "no-code":
      return words.noCode;
    case "unfit-password":
      return words.tooShort;
    default:
      return problem.problem.detail;
  }
}
