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
    },
  },
);
