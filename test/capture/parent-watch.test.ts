import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { expect, test } from 'vitest'
import { isAlive, untilGone } from './watched-source.ts'

const watcher = JSON.stringify(new URL('../../native-pipelines/host/parent-watch.ts', import.meta.url).href)
/** Its main thread never turns its event loop again, as with a plugin that blocks. */
const blocked = `
const { Worker } = require('node:worker_threads')
const worker = new Worker(new URL(${watcher}), { workerData: process.ppid })
worker.on('online', () => { process.stdout.write(process.pid + '\\n'); for (;;); })
`
const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(blocked)}], { stdio: 'inherit' })`

test('a capture process whose main thread is blocked ends with its parent', async () => {
  const watched = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = Number(await new Promise<string>((resolve) => { createInterface(watched.stdout).once('line', resolve) }))
  expect(isAlive(pid)).toBe(true)

  watched.kill('SIGKILL')

  await untilGone(pid)
})
