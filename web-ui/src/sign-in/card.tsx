import type { ComponentChildren } from "preact";
import { DevNotice } from "../ui/dev-notice";
import { Preferences } from "../ui/preferences";
import { say } from "../words";

/** The quiet page around a sign-in form. */
export function Card(props: {
  title: string;
  lead?: string | undefined;
  children: ComponentChildren;
}) {
  return (
    <main class="door">
      <DevNotice />
      <div class="brand">
        <img src="/icon.svg" alt="" width="40" height="40" />
        <span>{say().brand}</span>
      </div>
      <section class="card">
        <h1>{props.title}</h1>
        {props.lead && <p class="lead">{props.lead}</p>}
        {props.children}
      </section>
      <Preferences />
    </main>
  );
}
