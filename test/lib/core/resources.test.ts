import { quantityValue, sized } from '../../../lib/core/resources';

const defaults = { requests: { cpu: '100m', memory: '256Mi' }, limits: { cpu: '1', memory: '512Mi' } };

test('nothing said: the component’s own', () => expect(sized(defaults)).toEqual(defaults));

test.each([
  ['one value', { limits: { cpu: '2' } }, ['100m', '256Mi', '2', '512Mi']],
  ['all values', { requests: { cpu: '2', memory: '3Gi' }, limits: { cpu: '4', memory: '5Gi' } }, ['2', '3Gi', '4', '5Gi']],
  ['a request above the default limit lifts it', { requests: { memory: '1Gi' } }, ['100m', '1Gi', '1', '1Gi']],
  ['a limit below the default request lowers it', { limits: { cpu: '50m' } }, ['50m', '256Mi', '50m', '512Mi']],
])('%s', (_, overrides, [cpu, memory, cpuLimit, memoryLimit]) => {
  expect(sized(defaults, overrides)).toEqual({
    requests: { cpu, memory },
    limits: { cpu: cpuLimit, memory: memoryLimit },
  });
});

test.each([
  ['0', 0],
  ['2', 2],
  ['1.5', 1.5],
  ['250m', 0.25],
  ['1k', 1000],
  ['1Ki', 1024],
  ['512Mi', 512 * 1024 ** 2],
  ['1.5Gi', 1.5 * 1024 ** 3],
  ['2G', 2e9],
  ['1E', 1e18],
  ['1Ei', 2 ** 60],
])('%s is %d', (text, value) => expect(quantityValue(text)).toBe(value));

test.each(['', 'lots', '-1', '1 Gi', '1GB', '1gi', 'Gi', '1.', '.5', '1Mi2'])('%j is no quantity', (text) =>
  expect(quantityValue(text)).toBeUndefined(),
);
