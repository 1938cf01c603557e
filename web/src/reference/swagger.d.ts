/** The part of Swagger UI that is used here: https://github.com/swagger-api/swagger-ui/tree/master/docs */
declare module "swagger-ui-dist/swagger-ui-es-bundle.js" {
  /** Swagger UI keeps the document in immutable maps. */
  interface Described {
    get(name: "description"): unknown;
    get(name: "content"): { keySeq(): { toArray(): unknown[] } } | undefined;
  }

  type Component = (props: { source?: unknown; text?: unknown; code?: string; response?: Described }) => unknown;

  export interface SwaggerRequest {
    url: string;
    method?: string;
    headers: Record<string, string>;
    body?: BodyInit;
    /** True for the document itself, rather than for a request that somebody tries. */
    loadSpec?: boolean;
    /** Sends the request in place of `fetch`. */
    userFetch?: (url: string, request: SwaggerRequest) => Promise<Response>;
  }

  /** A response that has been read. The same body in four forms. */
  export interface SwaggerResponse {
    text?: unknown;
    data?: unknown;
    body?: unknown;
    obj?: unknown;
  }

  /** The bundle has a React of its own. */
  export interface SwaggerReact {
    createElement: (type: string | Component, props: Record<string, unknown> | null, ...children: unknown[]) => unknown;
  }

  export interface SwaggerPlugin {
    wrapComponents: Record<string, (original: Component, system: { React: SwaggerReact }) => Component>;
  }

  /** Replaces a part of the document by what it refers to. */
  type Resolve = (document: Record<string, unknown>, path: string[], options: unknown) => Promise<unknown>;

  export type SwaggerFunctions = (system: { fn: { resolveSubtree: Resolve } }) => { fn: { resolveSubtree: Resolve } };

  export interface SwaggerOptions {
    domNode: Element;
    url: string;
    validatorUrl: null;
    docExpansion: "list" | "none";
    defaultModelsExpandDepth: number;
    deepLinking: boolean;
    filter: boolean;
    persistAuthorization: false;
    queryConfigEnabled: false;
    plugins: (SwaggerPlugin | SwaggerFunctions)[];
    requestInterceptor: (request: SwaggerRequest) => SwaggerRequest;
    responseInterceptor: (response: SwaggerResponse) => SwaggerResponse;
  }

  export default function SwaggerUI(options: SwaggerOptions): unknown;
}
