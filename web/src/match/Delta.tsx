import type { MatchRecordView, Money } from "../api/rest";
import { money } from "../shell/format";
import { daysBetween, difference, isZero, total } from "./difference";

interface Sides {
  left: MatchRecordView[];
  right: MatchRecordView[];
  /** The difference as the server knows it: of two books with opposite signs, one is turned. */
  known?: Money | null;
}

/** How far apart the sides are, in money and below that in days. Equal amounts are shown as one sign. */
export function Delta({ left, right, known }: Sides) {
  const apart = known ?? difference(total(left), total(right));
  const days = daysBetween(left[0]?.date, right[0]?.date);
  return (
    <>
      {apart && !isZero(apart.amount) ? (
        money({ ...apart, currency: "XXX" })
      ) : (
        <span className="muted">
          {apart === null ? "–" : "="}
          <span className="visually-hidden">{apart === null ? "cannot be compared" : "no difference"}</span>
        </span>
      )}
      <div className="muted">{days === null ? "–" : days === 0 ? "same day" : `${days > 0 ? "+" : "\u2212"}${Math.abs(days)} d`}</div>
    </>
  );
}

/** The same as a sentence, for places without a column heading that explains the sign. */
export function DeltaSentence({ left, right, known }: Sides) {
  const apart = known ?? difference(total(left), total(right));
  const days = daysBetween(left[0]?.date, right[0]?.date);
  const amounts =
    apart === null ? "The amounts cannot be compared" : isZero(apart.amount) ? "Equal amounts" : `Left minus right ${money(apart)}`;
  const size = Math.abs(days ?? 0);
  const dates =
    days === null
      ? ""
      : days === 0
        ? " · the same day"
        : ` · right ${size} ${size === 1 ? "day" : "days"} ${days > 0 ? "later" : "earlier"}`;
  return (
    <p>
      {amounts}
      {dates}
    </p>
  );
}
