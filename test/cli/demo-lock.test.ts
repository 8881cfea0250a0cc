import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FolderLock } from '../../cli/demo/folder-lock.ts'
import { freePort } from '../../scripts/test-kafka.ts'
import { runGoodparts } from './run-goodparts.ts'

interface Holders { demo: { pid: number, started: string }, nodeRed: { pid: number, started: string } | null }

const inUse = expect.objectContaining({ code: 'GOODPARTS_ARGUMENT', fix: expect.stringContaining('--user-dir') as string }) as Error
let folder: string
let child: ChildProcess | undefined

beforeEach(() => { folder = mkdtempSync(join(tmpdir(), 'goodparts-demo-lock-')) })
afterEach(() => {
  child?.kill('SIGKILL')
  child = undefined
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 })
})

const file = (): string => join(folder, 'demo.lock')
const holders = (): Holders => JSON.parse(readFileSync(file(), 'utf8')) as Holders

/** A process that lives until it is killed. */
async function living (): Promise<number> {
  child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("here")'], { stdio: ['ignore', 'pipe', 'ignore'] })
  await once(child.stdout!, 'data')
  return child.pid!
}

async function end (): Promise<void> {
  const ended = once(child!, 'exit')
  child!.kill('SIGKILL')
  await ended
}

describe('the lock on the demo\'s folder', () => {
  it('is for one at a time, and leaves nothing when it is released', async () => {
    const lock = await FolderLock.take(folder)
    await expect(FolderLock.take(folder)).rejects.toThrow(inUse)
    lock.release()
    expect(readdirSync(folder)).toEqual([])
    await FolderLock.take(folder)
  })

  it('goes to one of several that find it stale at once', async () => {
    writeFileSync(file(), '')
    const take = `import { FolderLock } from ${JSON.stringify(new URL('../../cli/demo/folder-lock.ts', import.meta.url).href)}
      const isOpen = new Promise((resolve) => process.stdin.once('data', resolve))
      console.log('ready')
      await isOpen
      await FolderLock.take(${JSON.stringify(folder)}).then(() => console.log('taken'), ({ code }) => console.log(code))
      process.stdin.resume()`
    const takers = Array.from({ length: 4 }, () => spawn(process.execPath, ['--input-type=module', '-e', take], { stdio: ['pipe', 'pipe', 'inherit'] }))
    try {
      await Promise.all(takers.map(async ({ stdout }) => once(stdout, 'data')))
      const words = Promise.all(takers.map(async ({ stdout }) => String((await once(stdout, 'data') as [Buffer])[0]).trim()))
      for (const { stdin } of takers) stdin.write('go')
      expect((await words).sort()).toEqual(['GOODPARTS_ARGUMENT', 'GOODPARTS_ARGUMENT', 'GOODPARTS_ARGUMENT', 'taken'])
    } finally {
      for (const taker of takers) taker.kill('SIGKILL')
    }
  })

  it('is taken over from a process that is gone, and from a number that another program has by now', async () => {
    await FolderLock.take(folder)
    const { demo } = holders()
    writeFileSync(file(), JSON.stringify({ demo: { ...demo, started: `${demo.started}0` }, nodeRed: null }))
    const lock = await FolderLock.take(folder)
    const pid = await living()
    lock.addNodeRed(pid)
    const left = { ...holders(), demo: { ...demo, started: `${demo.started}0` } }
    expect(left.nodeRed).toMatchObject({ pid })
    writeFileSync(file(), JSON.stringify(left))

    await expect(FolderLock.take(folder, 200)).rejects.toThrow(new RegExp(`Node-RED.* ${pid}`))
    const waiting = FolderLock.take(folder)
    await end()
    await waiting
    expect(holders()).toEqual({ demo, nodeRed: null })
  })
})

describe('two demos on one folder', () => {
  it('start one after the other only, also after the first was killed', async () => {
    const [editor, live, otherEditor, otherLive] = (await Promise.all([freePort(), freePort(), freePort(), freePort()])).map(String) as [string, string, string, string]
    const demo = (...ports: [string, string]): string[] => ['demo', '--user-dir', folder, '--port', ports[0], '--live-port', ports[1]]
    const start = async (): Promise<Awaited<ReturnType<typeof runGoodparts>>> => runGoodparts(demo(editor, live), {
      started: (process) => {
        child = process
        process.stdout!.on('data', (text: string) => { if (text.includes('Editor ')) process.emit('message', 'serves', undefined) })
      }
    })
    const first = start()
    await once(child!, 'message')
    const { nodeRed } = holders()

    expect(await runGoodparts(demo(otherEditor, otherLive))).toMatchObject({ code: 1, stderr: expect.stringMatching(/process \d+ .*\nFix: .*--user-dir/) as string })

    child!.kill('SIGKILL')
    expect((await first).code).toBeNull()
    const second = start()
    await once(child!, 'message')
    expect(holders().nodeRed!.pid).not.toBe(nodeRed!.pid)
    expect(isRunning(nodeRed!.pid)).toBe(false)
    child!.kill('SIGINT')
    expect((await second).code).toBe(0)
    expect(existsSync(file())).toBe(false)
  }, 180_000)
})

/** One that has ended stays in /proc until somebody asks for its end; where nobody does, as a zombie. */
function isRunning (pid: number): boolean {
  const stat = existsSync(`/proc/${pid}/stat`) ? readFileSync(`/proc/${pid}/stat`, 'utf8') : null
  return stat !== null && !/\) [ZX] /.test(stat)
}
