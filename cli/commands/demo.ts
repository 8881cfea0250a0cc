/** `goodparts demo`: Node-RED with the example flow on real parts, and the two addresses to open. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Option, type Command } from 'commander'
import { GoodpartsError } from '../../engine/errors.ts'
import { makeFolder } from '../../engine/make-folder.ts'
import { demoFlow, type FlowNode } from '../demo/flow.ts'
import { FolderLock } from '../demo/folder-lock.ts'
import { accepts, startNodeRed, untilListening } from '../demo/node-red-process.ts'
import { goodFolder, playedSource } from '../demo/source.ts'
import { defaultUserDirectory, expectOwn, packageRoot, prepareUserDirectory } from '../demo/user-directory.ts'
import { portNumber } from '../option-values.ts'

interface Options {
  source?: string[]
  kafka?: string
  port: number
  livePort?: number
  userDir: string
  reset: boolean
}

const START_MS = 60_000

export function register (program: Command): void {
  program.command('demo')
    .description('watch real parts being inspected by a flow that you can edit')
    .option('--source <path...>', 'own pictures: a folder of good parts, then a folder, video, rtsp://, http:// or /dev/video to inspect')
    .option('--kafka <host:port>', 'send the records to Kafka, in place of a file')
    .option('--port <number>', 'port of the editor', portNumber, 1880)
    .option('--live-port <number>', 'port of the live page (8765 in the example)', portNumber)
    .addOption(new Option('--user-dir <folder>', 'the demo\'s own: where its Node-RED keeps the flow and what it learned').default(defaultUserDirectory(), '~/.local/share/goodparts/demo'))
    .option('--reset', 'lay the example down again over an edited flow, which is kept beside it', false)
    .action(demo)
}

async function demo (options: Options): Promise<void> {
  const userDir = resolve(options.userDir)
  const source = await readSource(options.source)
  if (options.kafka !== undefined && !/^[^\s:]+:\d+$/.test(options.kafka)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected --kafka to be HOST:PORT, got ${options.kafka}`)
  }
  expectOwn(userDir)
  makeFolder(userDir)
  const lock = await FolderLock.take(userDir)
  try {
    await demoIn(userDir, options, source, lock)
  } finally {
    lock.release()
  }
}

async function demoIn (userDir: string, options: Options, source: Awaited<ReturnType<typeof readSource>>, lock: FolderLock): Promise<void> {
  const recordsFile = join(userDir, 'inspections.ndjson')
  const example = join(packageRoot(), 'examples', '01 - Inspect light-guide plates.json')
  const flow = (): FlowNode[] => demoFlow(readFlow(example), {
    kafka: options.kafka ?? null, recordsFile, source
  })
  await expectFree('editor', options.port, '--port')
  const madeFor = source === null && options.kafka === undefined ? null : JSON.stringify({ source, kafka: options.kafka ?? null })
  const { settingsFile, flowFile, flowKept, flowBefore } = prepareUserDirectory(userDir, { editorPort: options.port, flow, renewFlow: options.reset, madeFor, fitFolders: source === null ? [] : [source.goodFolder] })
  const livePort = settleLivePort(flowFile, options.livePort)
  if (livePort === options.port) throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected two ports, got ${livePort} for the editor and for the live page`, { fix: 'choose another with --port or --live-port' })
  if (livePort !== undefined) await expectFree('live page', livePort, '--live-port')

  const nodeRed = startNodeRed(settingsFile, (line) => { if (isForTerminal(line)) process.stdout.write(`${line}\n`) })
  try {
    if (nodeRed.pid !== undefined) lock.addNodeRed(nodeRed.pid)
  } catch (error) {
    await nodeRed.stop()
    throw error
  }
  const stopping = new AbortController()
  const stop = (): void => {
    stopping.abort()
    nodeRed.stop().catch(() => undefined)
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  process.stdout.write('Starting Node-RED …\n')
  const ports = [options.port, ...livePort === undefined ? [] : [livePort]]
  const listening = Promise.all(ports.map(async (port) => { await untilListening(port, AbortSignal.timeout(START_MS)) }))
  const ready = await Promise.race([listening.then(() => true, () => false), nodeRed.exited.then(() => false)])
  if (ready) {
    process.stdout.write([
      '',
      `  Editor     http://127.0.0.1:${options.port}/`,
      livePort === undefined ? '  The flow has no live page any more; --reset lays the example down again.' : `  Live page  http://127.0.0.1:${livePort}/`,
      '',
      `  Records    ${whereRecordsGo(flowFile)}`,
      ...flowKept ? ['  The flow is as you left it; --reset lays the example down again.'] : [],
      ...flowBefore === null ? [] : [`  The flow that was there lies in ${flowBefore}.`],
      existsSync(join(userDir, 'goodparts', 'bundles'))
        ? '  It inspects with what it learned before, once that is loaded; "learn again" in the flow begins anew. Ctrl-C stops it.'
        : '  It learns from good parts first; watch the live page. Ctrl-C stops it.',
      ''
    ].join('\n'))
  } else {
    process.stdout.write(`Node-RED does not serve both addresses. See the messages above; its folder is ${userDir}\n`)
    await nodeRed.stop()
  }
  const { code, signal } = await nodeRed.exited
  if (ready && !stopping.signal.aborted && (code !== 0 || signal !== null)) process.stderr.write(`Node-RED ended with ${signal ?? `exit code ${code}`}. The same command starts it again; what was sent on to be recorded is kept.\n`)
  process.exitCode = ready ? code : 1
}

/** Of Node-RED's log: what is wrong, and how camera and model do. */
export function isForTerminal (line: string): boolean {
  return /\[error\]|\[warn\] \[goodparts-|\[info\] \[goodparts-(capture|model):/.test(line)
}

async function expectFree (name: string, port: number, option: string): Promise<void> {
  if (await accepts(port)) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected port ${port} to be free for the ${name}, got one in use`, { fix: `stop what listens there, or choose another with ${option}` })
  }
}

/** The port of the flow's live page, changed to `wanted` where that is given; `undefined` where the flow has none. */
function settleLivePort (flowFile: string, wanted: number | undefined): number | undefined {
  const flow = readFlow(flowFile)
  const server = flow.find(({ type }) => type === 'goodparts-live-server')
  if (server === undefined) return undefined
  if (wanted !== undefined && Number(server.port) !== wanted) {
    server.port = String(wanted)
    writeFileSync(flowFile, JSON.stringify(flow, null, 2))
  }
  return Number(server.port)
}

/** What the flow says, which a person may have edited. */
function whereRecordsGo (flowFile: string): string {
  const flow = readFlow(flowFile)
  const records = flow.find(({ type }) => type === 'goodparts-kafka-out')
  if (records === undefined) return 'nowhere: the flow has no kafka out node'
  if (records.sink === 'file') return String(records.path)
  const broker = flow.find(({ id }) => id === records.broker)
  return `Kafka at ${typeof broker?.brokers === 'string' ? broker.brokers : 'no broker'}, topic ${String(records.topic)}`
}

function readFlow (flowFile: string): FlowNode[] {
  return JSON.parse(readFileSync(flowFile, 'utf8')) as FlowNode[]
}

async function readSource (given: string[] | undefined): Promise<Parameters<typeof demoFlow>[1]['source']> {
  if (given === undefined) return null
  const [good, inspect, ...rest] = given
  if (good === undefined || inspect === undefined || rest.length > 0) {
    throw new GoodpartsError('GOODPARTS_ARGUMENT', `Expected --source to be a folder of good parts and what to inspect, got ${given.length} ${given.length === 1 ? 'value' : 'values'}`)
  }
  return { goodFolder: await goodFolder(good), played: playedSource(inspect), name: nameOf(inspect) }
}

function nameOf (source: string): string {
  const name = basename(source.replace(/\/+$/, '')).replace(/[^\w.-]+/g, '-')
  return name === '' ? 'own-parts' : name
}
