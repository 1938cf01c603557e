"""
Questions to the database that many ask at the same moment, answered together.

After a restart, thousands of clients come back within seconds and ask the same few things. One after the other, each
question would cost a transaction.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")
BATCH_S = 0.01  # at most one batch begins in this time, so whoever asks alone does not wait
# After a large batch the next one collects for longer: a batch costs its transaction, whatever is asked in it. With 10 ms,
# 5,000 sockets that came back made 1,700 transactions, now it is 700. Below 500 questions a second
# nobody waits longer.
QUESTION_S, CROWDED_S = 0.002, 0.1
MOST_QUESTIONS = 1000  # in a batch, so that none takes the database long
MOST_BATCHES = 2  # at the same time, so that a slow one does not hold up the next


class Batch(Generic[Question, Answer]):
    """
    Collects questions and has them answered together.

    A question is never added to a batch that has already begun, so each answer is from after it was asked.

    Args:
        answer: answers questions, in their order. An exception in place of an answer is raised for that question, one
            that it raises for all of them.
    """

    def __init__(self, answer: Callable[[list[Question]], Awaitable[Sequence[Answer | Exception]]]) -> None:
        self._answer = answer
        self._waiting: list[tuple[Question, asyncio.Future[Answer]]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._began_at = -BATCH_S
        self._pause_s = BATCH_S

    async def ask(self, question: Question) -> Answer:
        """The answer to a question. Raises what answering it raises."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, future))
        self._schedule()
        return await future

    def _schedule(self) -> None:
        if self._timer is None and self._waiting and len(self._tasks) < MOST_BATCHES:
            # In a context of its own: the one who asks may have a transaction open, which is not for the others.
            self._timer = asyncio.get_running_loop().call_at(
                self._began_at + self._pause_s, self._begin, context=contextvars.Context()
            )

    def _begin(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        self._began_at = loop.time()
        asked, self._waiting = self._waiting[:MOST_QUESTIONS], self._waiting[MOST_QUESTIONS:]
        self._pause_s = min(CROWDED_S, max(BATCH_S, len(asked) * QUESTION_S))
        task = loop.create_task(self._answer_all(asked), name="batch", context=contextvars.Context())
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        self._schedule()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._schedule()

    async def _answer_all(self, asked: list[tuple[Question, asyncio.Future[Answer]]]) -> None:
        asked = [(question, future) for question, future in asked if not future.done()]
        try:
            answers = await self._answer([question for question, _ in asked])
        except asyncio.CancelledError:
            for _, future in asked:
                future.cancel()
            raise
        except Exception as error:  # noqa: BLE001 - it is raised again for everybody who asked
            answers = [error] * len(asked)
        for (_, future), answer in zip(asked, answers, strict=True):
            if future.done():
                continue  # whoever asked went away meanwhile
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
