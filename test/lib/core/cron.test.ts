import { startingDeadline } from '../../../lib/core/cron';

test.each([
  ['0 1 * * *', 86_400],
  ['0 1 * * 0', 7 * 86_400],
  ['0 1 1 * *', 31 * 86_400],
  ['0 */6 * * *', 6 * 3600],
  ['*/5 * * * *', 300],
  // Kubernetes would give up on the 96 runs of a day and some more.
  ['*/5 0-7 * * *', 90 * 300],
  // 2100 has no such day.
  ['0 0 29 2 *', 8 * 365 * 86_400 + 86_400],
])('%s: what was missed is made up for %s seconds', (schedule, seconds) => {
  expect(startingDeadline(schedule)).toBe(seconds);
});
