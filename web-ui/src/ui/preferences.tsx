import { chooseTheme, type Theme, theme } from "../theme";
import { chooseLanguage, type Language, language, languages, say } from "../words";

/** Language and appearance; kept in this browser. */
export function Preferences() {
  const words = say();
  return (
    <div class="preferences">
      <select
        aria-label={words.theme.label}
        value={theme.value}
        onChange={(event) => chooseTheme(event.currentTarget.value as Theme)}
      >
        <option value="auto">{words.theme.auto}</option>
        <option value="light">{words.theme.light}</option>
        <option value="dark">{words.theme.dark}</option>
      </select>
      <select
        aria-label={words.language}
        value={language.value}
        onChange={(event) => chooseLanguage(event.currentTarget.value as Language)}
      >
        {Object.entries(languages).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </div>
  );
}
