/** A refusal by the server (RFC 9457), or by the network. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly title: string,
    readonly detail: string,
    readonly requestId: string | null,
    readonly errors: { pointer: string; code: string; message: string }[] = [],
    readonly extensions: Record<string, unknown> = {},
  ) {
    super(detail || title);
  }

  /** The message for a field of the form, by its JSON pointer. */
  fault(pointer: string): string | undefined {
    return this.errors.find((error) => error.pointer === pointer)?.message;
  }

  static signedOut(): Problem {
    return new Problem(401, "unauthenticated", "You are not signed in", "Sign in to continue.", null);
  }

  static offline(): Problem {
    return new Problem(0, "offline", "The server cannot be reached", "Check your connection; nothing was lost.", null);
  }
}

export async function problemOf(response: Response): Promise<Problem> {
  const requestId = response.headers.get("X-Request-ID");
  try {
    const body = (await response.json()) as Record<string, unknown>;
    const { status, code, title, detail, errors, ...extensions } = body;
    return new Problem(
      Number(status),
      String(code),
      String(title),
      String(detail),
      requestId,
      (errors as { pointer: string; code: string; message: string }[] | undefined) ?? [],
      extensions,
    );
  } catch {
    return new Problem(response.status, "internal", "The response cannot be read", response.statusText, requestId);
  }
}
