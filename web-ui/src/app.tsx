import { useEffect } from "preact/hooks";
import { Redirect, Route, Switch } from "wouter-preact";
import { AboutPage } from "./about/about-page";
import { get, session } from "./api";
import { BansPage } from "./bans/bans-page";
import { CallsPage } from "./calls/calls-page";
import { RecordPage } from "./calls/record-page";
import { Frame } from "./frame";
import { listen } from "./live";
import { PasswordPage } from "./sign-in/password-page";
import { SignInPage } from "./sign-in/sign-in-page";
import { SitePage } from "./site/site-page";
import { StaffPage } from "./staff/staff-page";
import { useAsked } from "./ui/asked";
import { Problem } from "./ui/problem";
import { say } from "./words";

/** Decides by the session what is shown at all, by the address which page. */
export function App() {
  const asked = useAsked(async (stop) => {
    session.value = await get("/api/session", { stop });
  }, []);
  if (asked.problem) return <Problem problem={asked.problem} again={asked.again} />;
  switch (session.value?.state) {
    case undefined:
      return <p class="waiting">{say().loading}</p>;
    case "signed_out":
      return <SignInPage isFirst={session.value.first_start} />;
    case "must_set_password":
      return <PasswordPage />;
    case "signed_in":
      return <SignedIn />;
  }
}

function SignedIn() {
  useEffect(listen, []);
  return (
    <Frame>
      <Switch>
        <Route path="/">
          <CallsPage />
        </Route>
        <Route path="/calls/:id">{({ id }) => <RecordPage key={id} id={id} />}</Route>
        <Route path="/agents">
          <StaffPage />
        </Route>
        <Route path="/bans">
          <BansPage />
        </Route>
        <Route path="/settings">
          <SitePage />
        </Route>
        <Route path="/about">
          <AboutPage />
        </Route>
        <Route>
          <Redirect to="/" />
        </Route>
      </Switch>
    </Frame>
  );
}
