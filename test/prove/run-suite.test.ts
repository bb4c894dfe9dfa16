import { resultsOf } from './run-suite';

const own = 'test/proofs/minio.ts';
const other = 'test/proofs/mlflow.ts';

/** What Jest writes of a run with these tests: titles around it → how it ended. */
function run(tests: readonly (readonly [titles: string[], status: string])[], success?: boolean): string {
  const numFailedTests = tests.filter(([, status]) => status === 'failed').length;
  const assertionResults = tests.map(([titles, status], n) => ({
    ancestorTitles: ['proofs', ...titles],
    fullName: `test ${n}`,
    status,
  }));
  return JSON.stringify({ success: success ?? numFailedTests === 0, numFailedTests, testResults: [{ assertionResults }] });
}

test('a proof has its own tests, and those that all of them share', () => {
  const text = run([
    [[], 'passed'],
    [[own], 'passed'],
    [[own], 'pending'],
    [[other], 'passed'],
    [[other], 'failed'],
  ]);
  expect(resultsOf(own, text)).toEqual({ good: true, passed: 2, failed: 0, skipped: 1, failedTests: [] });
  expect(resultsOf(other, text)).toEqual({ good: false, passed: 2, failed: 1, skipped: 0, failedTests: ['test 4'] });
  expect(resultsOf(undefined, text)).toMatchObject({ good: false, passed: 3, failed: 1, skipped: 1 });
});

test('what fails for all of them fails for each', () => {
  const text = run([
    [[], 'failed'],
    [[own], 'passed'],
  ]);
  expect(resultsOf(own, text)).toMatchObject({ good: false, failedTests: ['test 0'] });
});

test('a run that broke without a test that failed is good for nobody', () => {
  expect(resultsOf(own, run([[[own], 'passed']], false))).toMatchObject({ good: false, passed: 1 });
});
