import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['dist/**', 'coverage/**', 'node_modules/**', 'programs/**', '.cache/**', '.built/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/require-await': 'off',
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'src/config/env.ts is the only reader of the environment.' },
      ],
    },
  },
  {
    // Programs a person runs print to the terminal; tests and tools set up environments of child processes.
    files: ['scripts/**', 'test/**', 'src/dev/**', '*.config.ts'],
    rules: { 'no-console': 'off', 'no-restricted-properties': 'off' },
  },
  { files: ['src/config/env.ts'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['**/*.{js,mjs}'], languageOptions: { globals: { process: 'readonly' } } },
  {
    files: ['docs/examples/**/*.mjs'],
    languageOptions: { globals: { Buffer: 'readonly', console: 'readonly', fetch: 'readonly' } },
    rules: { 'no-console': 'off' },
  },
  {
    // Pages that run in a browser as they are.
    files: ['docs/examples/**/*.js'],
    languageOptions: {
      globals: {
        ...{ document: 'readonly', location: 'readonly', sessionStorage: 'readonly', URLSearchParams: 'readonly' },
        ...{ fetch: 'readonly', io: 'readonly', setTimeout: 'readonly', setInterval: 'readonly' },
      },
    },
  },
);
