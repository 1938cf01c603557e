import type { FieldView, MatchDetail } from "../api/rest";
import { besides, bits, compared, plain, shownPrior, signed } from "./evidence";

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
  const rows = besides(fields, others);
  return (
    <div className="scroll">
      <table className={isTwo ? "grid evidence two" : "grid evidence"}>
        <caption className="visually-hidden">Evidence for this match{isTwo ? " and for the runner-up" : ""}</caption>
        <thead>
          <tr>
            <th>Field</th>
            <th>{isTwo ? "This match" : "Compared"}</th>
            {isTwo ? <th>Runner-up</th> : <th className="number">Bits</th>}
          </tr>
        </thead>
        <tbody>
          {prior === null && otherPrior === null ? null : (
            <tr>
              <td>at the start</td>
              {isTwo ? (
                <>
                  <Both weight={prior} most={most} />
                  <Both weight={otherPrior} most={most} />
                </>
              ) : (
                <>
                  <td className="wrap values muted">any two records</td>
                  <td className="number">
                    <Weight value={prior} most={most} />
                  </td>
                </>
              )}
            </tr>
          )}
          {rows.map(([own, other], index) => (
            <tr key={`${(own ?? other)?.field ?? ""}/${index}`}>
              <td>
                {(own ?? other)?.field}
                <br />
                <span className="muted small">{own ? compared(own) : other ? compared(other) : null}</span>
              </td>
              {isTwo ? (
                <>
                  <Both field={own} weight={own?.weight ?? null} most={most} />
                  <Both field={other} weight={other?.weight ?? null} most={most} />
                </>
              ) : (
                <>
                  <td className="wrap values" dir="auto">
                    <Values field={own} />
                  </td>
                  <td className="number">
                    <Weight value={own?.weight ?? null} most={most} />
                  </td>
                </>
              )}
            </tr>
          ))}
        </tbody>
        {prior === null || score === null ? null : (
          <tfoot>
            <tr>
              <th scope="row">score</th>
              {isTwo ? null : <td />}
              <td className="number">
                <strong>{bits(score)}</strong>
              </td>
              {isTwo ? (
                <td className="number">
                  <strong>{bits(runner_up?.score ?? null)}</strong>
                </td>
              ) : null}
            </tr>
          </tfoot>
        )}
      </table>
    </div>
  );
}

/** What was compared and its bits in one cell, so that two of them fit beside each other. */
function Both({ field, weight, most }: { field?: FieldView; weight: number | null; most: number }) {
  return (
    <td className="wrap values">
      {field ? (
        <div dir="auto">
          <Values field={field} />
        </div>
      ) : null}
      <div className="number">
        <Weight value={weight} most={most} />
      </div>
    </td>
  );
}

function Values({ field }: { field: FieldView | undefined }) {
  if (field === undefined) return null;
  return (
    <>
      <span className="left-ink">{plain(field.left)}</span>
      <br />
      <span className="right-ink">{plain(field.right)}</span>
    </>
  );
}

function Weight({ value, most }: { value: number | null; most: number }) {
  if (value === null) return <span className="muted">–</span>;
  return (
    <>
      {signed(value)}
      <br />
      <svg width={48} height={10} viewBox="-24 0 48 10" aria-hidden>
        <rect x={Math.min(0, (value / most) * 22)} y={2} width={(Math.abs(value) / most) * 22} height={6} fill="var(--accent)" />
        <path d="M0 0V10" stroke="var(--edge)" />
      </svg>
    </>
  );
}
