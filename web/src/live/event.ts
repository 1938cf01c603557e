import type { Commands, Envelope, EventData, Notices, StateValues } from "../api/live";

/** Any event of the catalogue: its `type` says what `data` holds. */
export type LiveEvent = { [Name in keyof EventData]: Envelope & { type: Name; data: EventData[Name] } }[keyof EventData];
/** Any state, such as a job's progress: its `name` says what `value` holds. */
export type LiveState = {
  [Name in keyof StateValues]: { stream: string; key: string; version: number; value: StateValues[Name]; name: Name };
}[keyof StateValues];

/** What a person says about themselves on a stream. */
export type Doing = NonNullable<Commands["presence.set"]["state"]>;

/** What the live client changes in the data of the page. */
export interface Effects {
  event(event: LiveEvent): void;
  state(state: LiveState): void;
  /** Who is here, on a stream. */
  presence(found: Notices["presence"]): void;
  /** The stream has a gap: everything under it has to be read again. */
  reset(stream: string): void;
  revoked(stream: string): void;
  /** Some streams are silent: everything on the screen has to be read again. */
  poll(): Promise<void>;
}
