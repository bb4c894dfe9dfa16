const project = (displayName, testMatch, testPathIgnorePatterns = []) => ({
  displayName,
  testMatch,
  testPathIgnorePatterns,
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/support/quick-bcrypt.ts'],
  transform: { '^.+\\.ts$': ['ts-jest', { diagnostics: false }] },
});

const suites = ['api', 'config', 'cluster'];

/** Four suites: `unit` needs Node only, for the others see docs/testing.md. */
module.exports = {
  // Of a test that names none itself, in ms: one that hangs is told from one on a machine that does much else.
  testTimeout: 120_000,
  projects: [
    project(
      'unit',
      ['<rootDir>/test/**/*.test.ts'],
      suites.map((suite) => `/test/${suite}/`),
    ),
    ...suites.map((suite) => project(suite, [`<rootDir>/test/${suite}/**/*.test.ts`])),
  ],
};
