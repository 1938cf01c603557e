import type { MatchRecordView } from "../api/rest";
import { money } from "../shell/format";
import { daysBetween, difference, isZero, total } from "./difference";

interface Sides {
  left: MatchRecordView[];
  right: MatchRecordView[];
}

/** How far apart the sides are, in money and in days. Equal sides are shown as one sign. */
export function Delta({ left, right }: Sides) {
  const apart = difference(total(left), total(right));
  const days = daysBetween(left[0]?.date, right[0]?.date);
  const parts: string[] = [];
  if (apart && !isZero(apart.amount)) parts.push(money({ ...apart, currency: "XXX" }));
  if (days !== null && days !== 0) parts.push(`${days > 0 ? "+" : "\u2212"}${Math.abs(days)} d`);
  if (parts.length > 0) return <>{parts.join(" · ")}</>;
  return <span className="muted">{apart === null ? "–" : "="}</span>;
}

/** The same as a sentence, for places without a column heading that explains the sign. */
export function DeltaSentence({ left, right }: Sides) {
  const apart = difference(total(left), total(right));
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
