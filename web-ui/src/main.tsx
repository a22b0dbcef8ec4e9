import { render } from "preact";
import { App } from "./app";
import "./style/base.css";
import "./style/parts.css";
import "./style/calls.css";
import "./style/site.css";
import "./style/staff.css";
import "./style/bans.css";
import "./style/about.css";

const page = document.getElementById("page");
if (page) render(<App />, page);
