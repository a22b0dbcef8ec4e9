import { useId, useState } from "preact/hooks";
import { post, session } from "../api";
import { say } from "../words";
import { Card } from "./card";
import { refusalWords } from "./refusal";

const SHORTEST = 10;

/** What is wrong with a new password, before the box is asked. */
export function fault(first: string, second: string): "tooShort" | "mismatch" | undefined {
  if ([...first].length < SHORTEST) return "tooShort";
  return first === second ? undefined : "mismatch";
}

/** After the one-time code: the password that replaces it. */
export function PasswordPage() {
  const words = say().signIn;
  const [first, setFirst] = useState("");
  const [second, setSecond] = useState("");
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const ids = { first: useId(), second: useId(), hint: useId() };

  const submit = async (event: Event) => {
    event.preventDefault();
    const wrong = fault(first, second);
    if (wrong) {
      setProblem(words[wrong]);
      return;
    }
    setBusy(true);
    setProblem(undefined);
    try {
      session.value = await post("/api/password", { new: first });
    } catch (refused) {
      setProblem(refusalWords(refused));
      setBusy(false);
    }
  };

  return (
    <Card title={words.setTitle} lead={words.setLead}>
      <form onSubmit={submit}>
        <label for={ids.first}>{words.newPassword}</label>
        <input
          id={ids.first}
          type="password"
          autocomplete="new-password"
          required
          value={first}
          aria-describedby={ids.hint}
          onInput={(event) => setFirst(event.currentTarget.value)}
        />
        <p id={ids.hint} class="quiet">
          {words.passwordHint}
        </p>
        <label for={ids.second}>{words.repeat}</label>
        <input
          id={ids.second}
          type="password"
          autocomplete="new-password"
          required
          value={second}
          onInput={(event) => setSecond(event.currentTarget.value)}
        />
        {problem && (
          <p class="refusal" role="alert">
            {problem}
          </p>
        )}
        <button type="submit" class="button main" disabled={isBusy}>
          {isBusy ? words.busy : words.save}
        </button>
      </form>
    </Card>
  );
}
