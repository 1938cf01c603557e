import type { SwaggerPlugin, SwaggerReact } from "swagger-ui-dist/swagger-ui-es-bundle.js";

const nothing = () => () => null;

/** Swagger UI's parts that this page replaces. */
export const parts: SwaggerPlugin = {
  wrapComponents: {
    // The page has its own line about who sends the requests. Swagger UI would show the token in a dialog and in each request.
    authorizeBtn: nothing,
    authorizeOperationBtn: nothing,
    // Swagger UI makes a path a link inside the button that opens its route, which a screen reader cannot use.
    DeepLink:
      (_, { React }) =>
      ({ text }) =>
        React.createElement("span", null, text),
    TextArea:
      (Original, { React }) =>
      (props) =>
        React.createElement(Original, { ...props, "aria-label": "Request body" }),
    // Swagger UI's own component sets texts as HTML, which the page's policy forbids.
    Markdown:
      (_, { React }) =>
      ({ source }) =>
        prose(source, React),
    // Responses of 400 and above are all the same problem document, and differ only in the codes, which are in their
    // descriptions. Shown whole, they would make each route ten screens long.
    response:
      (Original, { React }) =>
      (props) => {
        const kinds = props.response?.get("content")?.keySeq().toArray() ?? [];
        if (kinds.length !== 1 || kinds[0] !== "application/problem+json") return React.createElement(Original, props);
        const text = prose(props.response?.get("description"), React);
        return React.createElement(
          "tr",
          { className: "response refusal" },
          React.createElement("td", { className: "response-col_status" }, props.code),
          React.createElement("td", { className: "response-col_description", colSpan: 2 }, text),
        );
      },
  },
};

/** Our descriptions contain paragraphs, `code` and **strong** words. */
function prose(source: unknown, React: SwaggerReact): unknown {
  if (typeof source !== "string") return null;
  const paragraphs = source.split(/\n{2,}/).map((text) => React.createElement("p", null, ...words(text, React)));
  return React.createElement("div", { className: "markdown" }, ...paragraphs);
}

function words(text: string, React: SwaggerReact): unknown[] {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part, index) => {
    if (index % 2 === 0) return part;
    return part.startsWith("`")
      ? React.createElement("code", null, part.slice(1, -1))
      : React.createElement("strong", null, part.slice(2, -2));
  });
}
