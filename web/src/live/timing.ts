/** How long things take, in ms. */
export const TIMING = {
  silent: 5000, // a shorter gap is not shown
  poll: 10_000,
  probe: 3000, // a later answer does not count
  answer: 10_000, // for the answer to a command
  again: 1000, // before the first repetition; each one after that waits twice as long
  againMost: 30_000,
  kept: 3000, // a stream that nobody uses any more, because the next page often needs it again
};
