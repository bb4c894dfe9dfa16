import { withSlowdown } from './slowdown';

test('gives what was done, and how slow it was: never faster than an idle machine, and at most four times slower', async () => {
  const { result, slowdown } = await withSlowdown(() => Promise.resolve('done'));
  expect(result).toBe('done');
  expect(slowdown).toBeGreaterThanOrEqual(1);
  expect(slowdown).toBeLessThanOrEqual(4);
});

test('on a machine whose time stands still for the work, it says four', async () => {
  let now = 0;
  const clock = jest.spyOn(performance, 'now').mockImplementation(() => (now += 60_000));
  try {
    expect((await withSlowdown(() => Promise.resolve())).slowdown).toBe(4);
  } finally {
    clock.mockRestore();
  }
});

test('fails with what it runs', async () => {
  await expect(withSlowdown(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
});
