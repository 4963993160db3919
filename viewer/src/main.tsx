import { render } from "preact";

import { App } from "./App";
import { read } from "./report";
import "./styles/tokens.css";
import "./styles/page.css";
import "./styles/overview.css";
import "./styles/pictures.css";
import "./styles/detail.css";
import "./styles/quality.css";
import "./styles/judging.css";

function start(root: HTMLElement): void {
  const report = read(document);
  root.replaceChildren();
  render(typeof report === "string" ? <main class="wait">{report}</main> : <App report={report} />, root);
}

start(document.getElementById("app")!);
