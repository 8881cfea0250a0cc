/** Builds `dist/`: the runtime by tsc (readable, unbundled), each node's editor half by esbuild, the live page by Vite, and `examples/` from `flows/`. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { build as bundle } from 'esbuild'

const root = join(import.meta.dirname, '..')
process.chdir(root)

function run (command: string, ...args: string[]): void {
  execFileSync(join('node_modules', '.bin', command), args, { stdio: 'inherit' })
}

async function buildEditors (): Promise<void> {
  for (const source of globSync('nodes/*/*.editor.ts')) {
    const folder = dirname(source)
    const type = basename(source, '.editor.ts')
    const target = join('dist', folder)
    const { outputFiles } = await bundle({ entryPoints: [source], bundle: true, format: 'iife', target: 'es2022', write: false })
    const script = outputFiles[0]?.text ?? ''
    const html = readFileSync(join(folder, `${type}.html`), 'utf8')
    mkdirSync(target, { recursive: true })
    writeFileSync(join(target, `${type}.html`), `<script type="text/javascript">\n${script}</script>\n${html}`)
    for (const extra of ['icons', 'locales']) {
      if (existsSync(join(folder, extra))) cpSync(join(folder, extra), join(target, extra), { recursive: true })
    }
  }
}

rmSync('dist', { recursive: true, force: true })
rmSync('examples', { recursive: true, force: true })
run('tsc', '-p', 'tsconfig.build.json')
await buildEditors()
if (existsSync('viewer/vite.config.ts')) run('vite', 'build', '--config', 'viewer/vite.config.ts', '--logLevel', 'warn')
cpSync('engine/backbones', 'dist/engine/backbones', { recursive: true, filter: (path) => !path.endsWith('.ts') })
for (const schema of globSync('schemas/*.schema.json')) cpSync(schema, join('dist', schema))
for (const pipeline of globSync('native-pipelines/*.json')) cpSync(pipeline, join('dist', pipeline))
cpSync('flows/samples', 'dist/flows/samples', { recursive: true })
mkdirSync('examples')
for (const flow of globSync('flows/*.json')) cpSync(flow, join('examples', basename(flow)))
