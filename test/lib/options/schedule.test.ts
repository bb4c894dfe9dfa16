import { schedule } from '../../../lib/options/schedule';

const errors = (text: string) =>
  schedule('0 1 * * *')
    .safeParse(text)
    .error?.issues.map(({ message }) => message) ?? [];

test.each(['0 1 * * *', '*/15 6-22 * * mon-fri', '0 0 29 2 *', '5,35 * 1,15 jan,jul *', '0 0 1 * 1'])('%s', (text) => {
  expect(errors(text)).toEqual([]);
});

test.each([
  '',
  ', 1 * * *',
  '* *',
  '60 1 * * *',
  '0 1 * * 7',
  '0 1 ? * *',
  '0 1 L * *',
  '@daily',
  '0 0 1 * * *',
  '1-2-3 * * * *',
  '*/0 * * * *',
  '- 1 * * *',
])('%s is no schedule', (text) =>
  expect(errors(text)).toEqual(['must be the five fields of cron, as numbers; write for example "0 1 * * *"']),
);

test.each(['0 0 30 2 *', '0 0 31 4,6 *', '0 22-6 * * *'])('%s never comes true', (text) => {
  expect(errors(text)).toEqual(['never comes true; write for example "0 1 * * *"']);
});
