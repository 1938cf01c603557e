import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState, type SubmitEvent } from "react";
import { change } from "../api/client";
import { newKey } from "../api/key";
import { Problem } from "../api/problem";
import type { MatchDetail, OpenItem, PairMatchByHand, ReasonView, RecordView } from "../api/rest";
import { keys } from "../live/keys";
import { balancesOf, isTied } from "../match/balance";
import { pairOf } from "../match/evidence";
import { Refusal } from "../match/history";
import { can } from "../project/rights";
import { useProject } from "../project/useProject";
import { ChangeButton } from "../shell/ChangeButton";
import { count, money } from "../shell/format";
import { Fault } from "../shell/parts";
import { useClaims } from "./claims";
import { Difference, differenceOf, Reason, UNSAID } from "./Difference";
import { bodyOf, signOf } from "./hand";
import { wordsOf } from "./openItem";
import { OpenList } from "./OpenList";
import { addDeed, SECOND } from "./own";
import { WhyNot } from "./WhyNot";

interface Props {
  project: string;
  left: string;
  right: string;
  sign: 1 | -1 | null;
  say: (words: string) => void;
}

/** What is open on both sides, to be matched by hand or written off. */
export function ByHand({ project, left, right, sign, say }: Props) {
  const [chosen, setChosen] = useState<ReadonlyMap<string, OpenItem>>(new Map());
  const { my_role, reason_codes = [] } = useProject(project).data?.body ?? {};
  const sides = new URLSearchParams({ left_source: left, right_source: right }).toString();
  const items = [...chosen.values()];
  const records = items.filter((item) => item.match_id === null).map((item) => item.id);
  useClaims(can(my_role, "match.decide") ? records : []);
  const clear = () => setChosen(new Map());
  const toggle = (item: OpenItem) =>
    setChosen((old) => {
      const next = new Map(old);
      if (!next.delete(item.id)) next.set(item.id, item);
      return next;
    });
  return (
    <section className="stack" aria-label="Match by hand">
      {can(my_role, "match.decide") ? (
        <Choice key={chosen.size === 0 ? "none" : "some"} {...{ project, left, right, items, sign, clear, say }} reasons={reason_codes} />
      ) : null}
      <div className="hands">
        <OpenList project={project} sides={sides} side="left" chosen={chosen} toggle={toggle} />
        <OpenList project={project} sides={sides} side="right" chosen={chosen} toggle={toggle} />
      </div>
    </section>
  );
}

interface ChoiceProps {
  project: string;
  left: string;
  right: string;
  items: OpenItem[];
  reasons: ReasonView[];
  sign: 1 | -1 | null;
  clear: () => void;
  say: (words: string) => void;
}

/** What is chosen comes to, what becomes of the difference, and the button. */
function Choice({ project, left, right, items, reasons, sign, clear, say }: ChoiceProps) {
  const client = useQueryClient();
  const [becomes, setBecomes] = useState(UNSAID);
  const balances = balancesOf(items, signOf(sign, items));
  const tied = isTied(balances);
  const reread = () => {
    for (const key of [keys.openItems(project), keys.books(project), keys.pairMatches(project)]) {
      void client.invalidateQueries({ queryKey: key });
    }
  };
  const match = useMutation({
    mutationFn: () => {
      const sides = { left_source: left, right_source: right };
      const body: PairMatchByHand = { ...sides, ...bodyOf(items), ...(tied ? {} : differenceOf(becomes)) };
      return change<MatchDetail>("POST", `/projects/${project}/matches`, { body, key: newKey() });
    },
    onSuccess: (made) => {
      const isSigned = made.status !== "confirmed";
      const words = isSigned ? `You signed for ${pairOf(made.records)}. ${SECOND}` : `You matched ${pairOf(made.records)} by hand.`;
      addDeed({ project, words, of: "match", id: made.id, status: made.status, version: made.version });
      say(words);
      clear();
    },
    onSettled: reread,
  });
  const fault = (pointer: string) => (match.error instanceof Problem ? match.error.fault(pointer) : undefined);
  const isShown = ["/difference", "/difference_reason"].some(fault);
  const [only] = items;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    match.mutate();
  };
  return (
    <form className="card choice stack" onSubmit={submit} aria-label="What is chosen">
      <div className="row" role="status">
        {items.length === 0 ? (
          <span className="muted">Choose what belongs together, on both sides. With the keyboard: arrows move, Space chooses.</span>
        ) : (
          <span>
            {count(items.filter((item) => item.side === "left").length)} left, {count(items.filter((item) => item.side === "right").length)}{" "}
            right
          </span>
        )}
        {balances.map((balance) => (
          <span key={balance.currency} className="number">
            <span className="left-ink">left {money(balance.left)}</span> · <span className="right-ink">right {money(balance.right)}</span> ·{" "}
            <strong>difference {money(balance.difference)}</strong>
          </span>
        ))}
      </div>
      <div className="filters">
        {items.length > 0 && !tied ? <Difference value={becomes} reasons={reasons} choose={setBecomes} fault={fault} /> : null}
        <ChangeButton type="submit" disabled={items.length === 0} loading={match.isPending}>
          Match
        </ChangeButton>
        <Button variant="default" disabled={items.length === 0} onClick={clear}>
          Choose nothing
        </Button>
        {only?.match_id === null && items.length === 1 ? (
          <WriteOff key={only.id} project={project} item={only} reasons={reasons} say={say} done={clear} reread={reread} />
        ) : null}
      </div>
      {match.error && !isShown ? <Refusal problem={match.error} /> : null}
      <WhyNot {...{ project, left, right, items }} />
    </form>
  );
}

interface WriteOffProps {
  project: string;
  item: OpenItem;
  reasons: ReasonView[];
  say: (words: string) => void;
  done: () => void;
  reread: () => void;
}

/** For a record that has no partner and needs none. */
function WriteOff({ project, item, reasons, say, done, reread }: WriteOffProps) {
  const [code, setCode] = useState("");
  const writeOff = useMutation({
    mutationFn: () => change<RecordView>("POST", `/records/${item.id}/write-off`, { body: { reason: code } }),
    onSuccess: ({ state }) => {
      const words = state === "written_off" ? `You wrote off ${wordsOf(item)}.` : `You signed for ${wordsOf(item)}. ${SECOND}`;
      addDeed({ project, words, of: "record", id: item.id });
      say(words);
      done();
    },
    onSettled: reread,
  });
  const fault = writeOff.error instanceof Problem ? writeOff.error.fault("/reason") : undefined;
  return (
    <>
      <Reason label="No partner, because of" reasons={reasons} value={code} choose={setCode} fault={fault} />
      <ChangeButton variant="default" disabled={!code} loading={writeOff.isPending} onClick={() => writeOff.mutate()}>
        Write off
      </ChangeButton>
      {writeOff.error && fault === undefined ? <Fault problem={writeOff.error} /> : null}
    </>
  );
}
