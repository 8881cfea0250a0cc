/** The package as a user gets it: packed, installed in a plain Node-RED user directory, loaded by a real Node-RED. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync, globSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { untilListening } from '../../cli/demo/node-red-process.ts'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  name: string, version: string, dependencies: Record<string, string>, 'node-red': { nodes: Record<string, string> }
}
const folder = mkdtempSync(join(tmpdir(), 'goodparts-package-'))
let nodeRed: ChildProcess | undefined
let port = 0
let files: string[] = []
let output = ''

async function freePort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function ask (path: string): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { accept: 'application/json' } })
  expect(response.status, path).toBe(200)
  return response.json()
}

beforeAll(async () => {
  // `npm test` has built the package already; packing again would race with tests that read dist.
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], { cwd: root, maxBuffer: 1 << 26 })
  const packed = JSON.parse(stdout.slice(stdout.indexOf('['))) as Array<{ filename: string, files: Array<{ path: string }> }>
  files = packed[0]?.files.map(({ path }) => path) ?? []
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'plain-user-directory', private: true }))
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', join(folder, basename(packed[0]?.filename ?? ''))], { cwd: folder, maxBuffer: 1 << 26, env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' } })
  port = await freePort()
  writeFileSync(join(folder, 'settings.cjs'), `module.exports = { uiHost: '127.0.0.1', uiPort: ${port}, userDir: ${JSON.stringify(folder)}, telemetry: { enabled: false } }`)
  nodeRed = spawn(process.execPath, [join(root, 'node_modules', 'node-red', 'red.js'), '--settings', join(folder, 'settings.cjs')], { stdio: ['ignore', 'pipe', 'pipe'] })
  for (const stream of [nodeRed.stdout, nodeRed.stderr]) stream?.on('data', (chunk: Buffer) => { output += chunk.toString() })
  await untilListening(port, AbortSignal.timeout(60_000))
}, 300_000)

afterAll(async () => {
  if (nodeRed?.exitCode === null) {
    const exited = once(nodeRed, 'exit')
    nodeRed.kill('SIGTERM')
    await exited
  }
  rmSync(folder, { recursive: true, force: true })
})

describe('the packed package in a plain user directory', () => {
  it('has every schema and pipeline once, and no map to sources that are not there', () => {
    for (const kind of [/\.schema\.json$/, /native-pipelines\/[a-z0-9-]+\.json$/]) {
      const names = files.filter((path) => kind.test(path)).map((path) => basename(path))
      expect(names.length).toBeGreaterThan(5)
      expect(names).toEqual([...new Set(names)])
    }
    expect(files.filter((path) => path.endsWith('.map'))).toEqual([])
  })

  it('loads every node set without an error', async () => {
    const sets = await ask('/nodes') as Array<{ module: string, name: string, enabled: boolean, err?: string, types: string[] }>
    const ours = sets.filter((set) => set.module === manifest.name)

    expect(ours.map((set) => set.name).sort()).toEqual(Object.keys(manifest['node-red'].nodes).sort())
    for (const set of ours) expect(set, output).toMatchObject({ enabled: true, types: [set.name] })
    expect(ours.filter((set) => set.err !== undefined)).toEqual([])
  })

  it('offers every flow under Import, Examples', async () => {
    const offered = await ask('/library/examples/flows/' + manifest.name) as Array<{ fn: string }>

    expect(offered.map(({ fn }) => `${basename(fn, '.json')}.json`).sort()).toEqual(globSync('flows/*.json', { cwd: root }).map((file) => basename(file)).sort())
  })

  it('serves an editor half for every node, in English and Korean', async () => {
    const html = await (await fetch(`http://127.0.0.1:${port}/nodes`, { headers: { accept: 'text/html' } })).text()
    for (const type of Object.keys(manifest['node-red'].nodes)) {
      expect(html).toContain(`registerType("${type}"`)
      for (const language of ['en-US', 'ko']) {
        const catalogue = await ask(`/nodes/${manifest.name}/${type}/messages?lng=${language}`)
        expect(catalogue, `${type} ${language}`).toHaveProperty([type])
      }
    }
  })

  it('installs the goodparts command', async () => {
    const { stdout } = await run(join(folder, 'node_modules', '.bin', 'goodparts'), ['--version'])

    expect(stdout.trim()).toBe(manifest.version)
  })
})
