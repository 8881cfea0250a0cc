/** A start after a finished set-up, where no network is reached: the whole way from the script to a running Node-RED. */
import { spawn, spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const repository = join(import.meta.dirname, '..', '..')
const loopbackAlone = 'ip link set lo up && exec "$@"'
const obstacle = obstacleToTest()
if (obstacle !== '') console.log(`Skipped, a second start without a network: ${obstacle}.`)

function obstacleToTest (): string {
  if (!existsSync(join(repository, 'node_modules', '.goodparts-stamp')) || !existsSync(join(repository, 'dist', '.built'))) return 'set-up has not run to its end here'
  if (!existsSync(join(dirname(process.execPath), '..', 'include', 'node', 'node.h'))) return `${process.execPath} has no headers beside it`
  return spawnSync('unshare', ['-rn', 'sh', '-c', loopbackAlone, 'sh', 'true']).status === 0 ? '' : 'this user may not have a network of its own (unshare -rn)'
}

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'goodparts-second-start-'))
  // A checkout of links, with a script and a stamp of its own: whatever set-up would do, it does to none of the files here.
  const checkout = join(root, 'checkout')
  mkdirSync(join(checkout, 'scripts'), { recursive: true })
  mkdirSync(join(checkout, 'dist'))
  for (const name of readdirSync(repository)) if (!['scripts', 'dist', '.git'].includes(name)) symlinkSync(join(repository, name), join(checkout, name))
  if (obstacle === '') for (const name of readdirSync(join(repository, 'dist'))) if (name !== '.built') symlinkSync(join(repository, 'dist', name), join(checkout, 'dist', name))
  copyFileSync(join(repository, 'scripts', 'with-node'), join(checkout, 'scripts', 'with-node'))
  mkdirSync(join(root, 'programs'))
  for (const name of ['npm', 'apt-get', 'curl', 'wget']) writeFileSync(join(root, 'programs', name), `#!/bin/sh\n[ "$1" = --version ] && { echo 11.0.0; exit; }\necho "${name} $*" >> '${join(root, 'called')}'\nexit 1\n`, { mode: 0o755 })
  writeFileSync(join(checkout, 'dist', '.built'), '')
})
afterAll(() => { rmSync(root, { recursive: true }) })

async function freePort (): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => { server.close(resolve) })
  return port
}

it.skipIf(obstacle !== '')('a second start reaches for no network, installs nothing, and comes to a running demo', async () => {
  const [port, livePort] = [await freePort(), await freePort()]
  const demo = ['run', 'demo', '--port', String(port), '--live-port', String(livePort), '--user-dir', join(root, 'user')]
  const child = spawn('unshare', ['-rn', 'sh', '-c', loopbackAlone, 'sh', 'sh', join(root, 'checkout', 'scripts', 'with-node'), ...demo], {
    cwd: root,
    env: { ...process.env, PATH: `${join(root, 'programs')}${delimiter}${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`, XDG_CACHE_HOME: join(root, 'cache') },
    stdio: ['ignore', 'pipe', 'pipe']
  })
  let said = ''
  const ended = new Promise<number | null>((resolve, reject) => { child.once('error', reject).once('close', resolve) })
  const ready = new Promise<void>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => { if ((said += text).includes('Ctrl-C')) resolve() })
  })

  await Promise.race([ready, ended])
  child.kill('SIGTERM')

  expect(await ended, said).toBe(0)
  expect(said).toContain(`:${port}`)
  expect(said).not.toContain('goodparts set-up')
  expect(existsSync(join(root, 'called'))).toBe(false)
}, 120_000)
