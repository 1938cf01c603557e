import type { FieldView, MatchDetail } from "../api/rest";
import { besides, bits, plain, shownPrior, signed } from "./evidence";

/**
 * The evidence from the prior to the total, as text. The bar beside each part shows its weight, with zero in the middle. If
 * the server says how the runner-up compares, that stands in a second column, on the same scale.
 */
export function Evidence({ match }: { match: MatchDetail }) {
  const { fields, score, runner_up } = match;
  if (fields.length === 0) return null;
  const others = runner_up?.fields ?? [];
  const isTwo = others.length > 0;
  const weights = fields.map((field) => field.weight);
  const prior = shownPrior(score, match.prior, weights);
  // The server sends no prior of the runner-up: it is what its fields do not explain.
  const otherWeights = others.map((field) => field.weight);
  const otherPrior = isTwo ? shownPrior(runner_up?.score ?? null, 0, otherWeights) : null;
  const most = Math.max(1, ...[...weights, ...otherWeights, prior ?? 0, otherPrior ?? 0].map(Math.abs));
  return (
    <div className="scroll">
      <table className={isTwo ? "grid evidence two" : "grid evidence"}>
        <caption className="visually-hidden">Evidence for this match{isTwo ? " and for the runner-up" : ""}</caption>
        <thead>
          <tr>
            <th>Field</th>
            <th>{isTwo ? "This match" : "Compared"}</th>
            <th className="number">Bits</th>
            {isTwo ? (
              <>
                <th>Runner-up</th>
                <th className="number">Bits</th>
              </>
            ) : null}
          </tr>
        </thead>
        <tbody>
          {prior === null && otherPrior === null ? null : (
            <tr>
              <td>at the start</td>
              <td className="wrap values muted">any two records</td>
              <Weight value={prior} most={most} />
              {isTwo ? (
                <>
                  <td className="wrap values muted">any two records</td>
                  <Weight value={otherPrior} most={most} />
                </>
              ) : null}
            </tr>
          )}
          {besides(fields, others).map(([own, other], index) => (
            <tr key={`${(own ?? other)?.field ?? ""}/${index}`}>
              <td>
                {(own ?? other)?.field}
                <br />
                <span className="muted small">{compared(own ?? other)}</span>
              </td>
              <Values field={own} />
              <Weight value={own?.weight ?? null} most={most} />
              {isTwo ? (
                <>
                  <Values field={other} />
                  <Weight value={other?.weight ?? null} most={most} />
                </>
              ) : null}
            </tr>
          ))}
        </tbody>
        {prior === null || score === null ? null : (
          <tfoot>
            <tr>
              <th scope="row">score</th>
              <td />
              <Total value={score} />
              {isTwo ? (
                <>
                  <td />
                  <Total value={runner_up?.score ?? null} />
                </>
              ) : null}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

function compared(field: FieldView | undefined): string {
  if (field === undefined) return "";
  return field.similarity !== null && field.similarity < 1 ? `${field.compare} ${Math.round(field.similarity * 100)}%` : field.compare;
}

function Values({ field }: { field: FieldView | undefined }) {
  if (field === undefined) return <td className="wrap values muted">not compared</td>;
  return (
    <td className="wrap values" dir="auto">
      <span className="left-ink">{plain(field.left)}</span>
      <br />
      <span className="right-ink">{plain(field.right)}</span>
    </td>
  );
}

function Total({ value }: { value: number | null }) {
  return (
    <td className="number">
      <strong>{bits(value)}</strong>
    </td>
  );
}

function Weight({ value, most }: { value: number | null; most: number }) {
  if (value === null) return <td className="number muted">–</td>;
  return (
    <td className="number">
      {signed(value)}
      <br />
      <svg width={48} height={10} viewBox="-24 0 48 10" aria-hidden>
        <rect x={Math.min(0, (value / most) * 22)} y={2} width={(Math.abs(value) / most) * 22} height={6} fill="var(--accent)" />
        <path d="M0 0V10" stroke="var(--edge)" />
      </svg>
    </td>
  );
}
