import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['imports/', 'dist/', 'node_modules/', '.cdk8s/', '**/*.js'] },
  ...tseslint.configs.strict,
  {
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': 'error',
      // Constructs are made for their effect on the tree.
      '@typescript-eslint/no-extraneous-class': 'off',
      // What `npm run new` leaves to a person.
      'no-warning-comments': ['error', { terms: ['replace:'], location: 'start' }],
    },
  },
  {
    // A component is loaded when a platform names it, in the middle of a synthesis; a hash when one is made.
    files: ['lib/catalogue.ts', 'lib/core/derived-rule.ts'],
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  {
    // A component that provides nothing returns nothing.
    files: ['lib/core/definition.ts'],
    rules: { '@typescript-eslint/no-invalid-void-type': 'off' },
  },
);
