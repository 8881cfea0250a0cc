import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

const nativeModules = [
  { name: 'onnxruntime-node', message: 'Only engine/runtime/onnx-runtime.ts imports it.' },
  { name: 'kafkajs', message: 'Only engine/publish/kafkajs-client.ts imports it.' },
  { name: 'gstreamer-superficial', message: 'Only native-pipelines/host/gstreamer.ts imports it.' },
  { name: 'sharp', message: 'Only engine/frame/image-codec.ts imports it.' },
  { name: 'node:sqlite', message: 'Only engine/store/database.ts imports it.' }
]

export default tseslint.config(
  { ignores: ['dist/**', 'examples/**', 'node_modules/**', '.toolchain/**', '.kafka/**', '.demo/**', '.cache/**', 'test-output/**', 'schemas/*.schema.json'] },
  ...neostandard({ ts: true }),
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['./tsconfig.json', './tsconfig.editor.json', './tsconfig.viewer.json'],
        tsconfigRootDir: import.meta.dirname
      }
    },
    rules: {
      'max-lines': ['error', { max: 400 }],
      'no-restricted-imports': ['error', { paths: nativeModules }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-invalid-void-type': ['error', { allowAsThisParameter: true }]
    }
  },
  {
    files: ['engine/runtime/onnx-runtime.ts', 'engine/publish/kafkajs-client.ts', 'native-pipelines/host/gstreamer.ts', 'engine/frame/image-codec.ts', 'engine/store/database.ts'],
    rules: { 'no-restricted-imports': 'off' }
  },
  {
    files: ['engine/**/*.ts', 'schemas/**/*.ts'],
    rules: {
      'no-restricted-imports': ['error', {
        paths: [...nativeModules, { name: 'node-red', message: 'The engine does not know Node-RED.' }],
        patterns: [{ group: ['**/nodes/**', '**/cli/**', '**/viewer/**'], message: 'schemas <- engine <- nodes, cli' }]
      }]
    },
    ignores: ['engine/runtime/onnx-runtime.ts', 'engine/publish/kafkajs-client.ts', 'engine/frame/image-codec.ts', 'engine/store/database.ts']
  },
  {
    files: ['viewer/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [{ group: ['**/engine/**', '**/nodes/**', '**/cli/**'], message: 'The viewer knows only schemas.' }] }] }
  },
  {
    files: ['test/**/*.ts'],
    rules: { '@typescript-eslint/no-non-null-assertion': 'off' }
  }
)
