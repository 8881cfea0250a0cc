import { readdirSync } from 'node:fs'
import neostandard from 'neostandard'
import tseslint from 'typescript-eslint'

const nativeModules = [
  { name: 'onnxruntime-node', message: 'Only engine/runtime/onnx-runtime.ts imports it.' },
  { name: 'kafkajs', message: 'Only engine/publish/kafkajs-client.ts imports it.' },
  { name: 'gstreamer-superficial', message: 'Only native-pipelines/host/gstreamer.ts imports it.' },
  { name: 'sharp', message: 'Only engine/frame/image-codec.ts imports it.' },
  { name: 'node:sqlite', message: 'Only engine/store/database.ts imports it.' }
]

/** Each may import its native module, whose room is checked by review alone. */
const nativeFiles = ['engine/runtime/onnx-runtime.ts', 'engine/publish/kafkajs-client.ts', 'native-pipelines/host/gstreamer.ts', 'engine/frame/image-codec.ts', 'engine/store/database.ts']
const engineImports = {
  paths: [...nativeModules, { name: 'node-red', message: 'The engine does not know Node-RED.' }],
  patterns: [{ group: ['**/nodes/**', '**/cli/**', '**/viewer/**'], message: 'schemas <- engine <- nodes, cli' }]
}

/** Where rooms of the engine meet. */
const meetingRooms = ['frame', 'graph', 'bundle']
/** Who may enter another room all the same, and what for. A way that is not here is a design question, not a line to add. */
const sideways = {
  decision: ['runtime'], // a line's place holds a loaded model and hands it frames
  detectors: ['backbones', 'runtime', 'tiling', 'training'], // a fit runs sessions
  evaluation: ['backbones', 'decision', 'detectors', 'explain', 'runtime'], // fits, judges by the limits that ship, draws the report's maps
  explain: ['decision', 'runtime', 'tiling'], // regions by the same limits; sessions of its own; layers laid together as the tiles' maps are
  training: ['runtime'], // train steps run in sessions
  continual: ['backbones', 'decision', 'detectors', 'evaluation', 'runtime', 'store', 'training'], // an update is a fit that is evaluated before it is let in
  live: ['store'], // history
  publish: ['store'] // the spool
}
const rooms = readdirSync(new URL('engine/', import.meta.url), { withFileTypes: true }).filter((entry) => entry.isDirectory()).map(({ name }) => name)
const roomRules = rooms.map((room) => {
  const closed = rooms.filter((other) => other !== room && ![...meetingRooms, ...sideways[room] ?? []].includes(other))
  return {
    files: [`engine/${room}/**/*.ts`],
    ignores: nativeFiles,
    rules: {
      'no-restricted-imports': ['error', {
        ...engineImports,
        patterns: [...engineImports.patterns, { regex: `^(\\.\\./)+(${closed.join('|')})/`, message: `engine/${room} meets others in frame, graph and bundle (allow-list in eslint.config.js).` }]
      }]
    }
  }
})

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
    files: ['nodes/*/goodparts-*.ts'],
    ignores: ['**/*.editor.ts'],
    // Glue: what is worth a test of its own has a file of its own.
    rules: { 'max-lines': ['error', { max: 80 }] }
  },
  {
    files: nativeFiles,
    rules: { 'no-restricted-imports': 'off' }
  },
  {
    files: ['engine/**/*.ts', 'schemas/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', engineImports] },
    ignores: nativeFiles
  },
  ...roomRules,
  {
    files: ['engine/**/*.ts', 'nodes/**/*.ts', 'cli/**/*.ts'],
    rules: {
      'no-restricted-syntax': ['error', {
        selector: 'CallExpression:matches([callee.name=/^mkdir(Sync)?$/], [callee.property.name=/^mkdir(Sync)?$/]) > ObjectExpression > Property[key.name="recursive"]',
        message: 'Under /proc it never ends: makeFolder of engine/make-folder.ts.'
      }]
    }
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
