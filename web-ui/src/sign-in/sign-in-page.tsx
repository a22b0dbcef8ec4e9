import { useId, useState } from "preact/hooks";
import { post, session } from "../api";
import { say } from "../words";
import { Card } from "./card";
import { refusalWords } from "./refusal";

/** Sign in: with the one-time code while the box is new, with the password ever after. */
export function SignInPage({ isFirst }: { isFirst: boolean }) {
  const words = say().signIn;
  const [typed, setTyped] = useState("");
  const [problem, setProblem] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  const ids = { field: useId(), hint: useId() };

  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      session.value = isFirst
        ? await post("/api/sign-in/code", { code: typed })
        : await post("/api/sign-in/password", { password: typed });
    } catch (refused) {
      setProblem(refused);
      setBusy(false);
    }
  };

  return (
    <Card
      title={isFirst ? words.codeTitle : words.title}
      lead={isFirst ? words.codeLead : undefined}
    >
      <form onSubmit={submit}>
        <label for={ids.field}>{isFirst ? words.code : words.password}</label>
        <input
          id={ids.field}
          class={isFirst ? "code" : ""}
          type={isFirst ? "text" : "password"}
          autocomplete={isFirst ? "one-time-code" : "current-password"}
          autocapitalize="characters"
          spellcheck={false}
          required
          value={typed}
          aria-describedby={ids.hint}
          aria-invalid={problem !== undefined}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
        <p id={ids.hint} class="quiet">
          {isFirst ? words.codeHint : ""}
        </p>
        {problem !== undefined && (
          <p class="refusal" role="alert">
            {refusalWords(problem)}
          </p>
        )}
        <button type="submit" class="button main" disabled={isBusy}>
          {isBusy ? words.busy : words.go}
        </button>
      </form>
    </Card>
  );
}
