import "swagger-ui-dist/swagger-ui.css";
import "./reference.css";
import { resume } from "../api/session";
import { caller, onCaller, onChangeOfPerson, pasteToken } from "./caller";
import { excerpts } from "./excerpt";
import { parts } from "./parts";
import { hideTokens, prepare } from "./send";

/** The reference of the REST API at /docs, where one can try every request. */
const line = found(document.querySelector<HTMLElement>("#caller p"));
const form = found(document.querySelector<HTMLElement>("#caller form"));
const field = found(document.querySelector<HTMLInputElement>("#caller input"));
const forget = found(document.querySelector<HTMLElement>("#caller > button"));
const reference = found(document.querySelector<HTMLElement>("#reference"));

function found<T>(element: T | null): T {
  if (element === null) throw new Error("docs/index.html lacks an element that this page needs");
  return element;
}

function show(): void {
  const who = caller();
  form.hidden = who.kind === "token";
  forget.hidden = who.kind !== "token";
  if (who.kind === "session") line.textContent = `Requests are sent as ${who.name}, who is signed in to the dashboard.`;
  else if (who.kind === "token") line.textContent = "Requests are sent with the token that you pasted.";
  else line.replaceChildren("Requests are sent without a token. ", link("/", "Sign in to the dashboard"), " or paste a token.");
}

function link(href: string, text: string): HTMLAnchorElement {
  // A new tab, because this one gets the session from there by itself, and keeps what was typed.
  return Object.assign(document.createElement("a"), { href, target: "_blank", rel: "noopener", textContent: text });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const isToken = pasteToken(field.value);
  field.setCustomValidity(isToken ? "" : "This is not a token: it contains other characters.");
  if (isToken) field.value = "";
  else field.reportValidity();
});
field.addEventListener("input", () => field.setCustomValidity(""));
// A reload forgets a token, and empties the page of the answers to it.
forget.addEventListener("click", () => location.reload());

onChangeOfPerson(() => location.reload());

async function start(): Promise<void> {
  const { default: SwaggerUI } = await import("swagger-ui-dist/swagger-ui-es-bundle.js");
  SwaggerUI({
    domNode: reference,
    url: "/openapi.json",
    validatorUrl: null,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    // An address that names a route would make Swagger UI complain in the console about the underscores in our names.
    deepLinking: false,
    filter: true,
    persistAuthorization: false,
    queryConfigEnabled: false,
    plugins: [parts, excerpts],
    requestInterceptor: prepare,
    responseInterceptor: hideTokens,
  });
}

onCaller(show);
resume().then(show, () => {
  line.textContent = "The server cannot be reached. Reload the page to try again.";
});
void start();
