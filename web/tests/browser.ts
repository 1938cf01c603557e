/** The parts of a browser that our modules need but Node lacks. None of them is our own code. */
class Memory {
  private readonly held = new Map<string, string>();
  getItem(name: string): string | null {
    return this.held.get(name) ?? null;
  }
  setItem(name: string, value: string): void {
    this.held.set(name, value);
  }
  removeItem(name: string): void {
    this.held.delete(name);
  }
}

const known: Record<string, unknown> = {
  document: Object.assign(new EventTarget(), { hidden: false }),
  navigator: {},
  localStorage: new Memory(),
  sessionStorage: new Memory(),
};
for (const [name, value] of Object.entries(known)) {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
