/** A line that inspects light-guide plates in a real Node-RED runtime, and what it did: its frames, verdicts, errors, ledgers. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NodeStatus } from 'node-red'
import { expect } from 'vitest'
import { fitInProcess, type FitOutcome } from '../../engine/detectors/fit-process.ts'
import { goodImages, readDataset } from '../../engine/evaluation/dataset.ts'
import { allLedgers, type LedgerSnapshot } from '../../engine/frame/ledger.ts'
import capture from '../../nodes/capture/goodparts-capture.ts'
import kafkaBroker from '../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import kafkaOut from '../../nodes/kafka-out/goodparts-kafka-out.ts'
import model, { type ModelNode } from '../../nodes/model/goodparts-model.ts'
import score from '../../nodes/score/goodparts-score.ts'
import type { CaptureEvent } from '../../schemas/capture-event.ts'
import type { FrameHeader } from '../../schemas/frame.ts'
import type { InspectionRecord, Verdict } from '../../schemas/inspection.ts'
import { deploy, nodeOf, startRuntime, stopRuntime } from '../nodes/flow-runtime.ts'

export const sample = join(import.meta.dirname, '..', '..', 'flows', 'samples', 'light-guide-plates')
/** Longest wait for one thing to happen on a slow machine. */
const WAIT_MS = 60_000

/** Learns from the sample's good plates: one scale and a small memory, so that it takes seconds. */
export async function fitPlates (output: string, seed = 1): Promise<FitOutcome> {
  return await fitInProcess({
    family: 'patch-memory',
    images: goodImages(await readDataset(sample)).map(({ name, group, calibration }) => ({ path: name, group, calibration })),
    options: { scale: 'fine', size: 224, bankSize: 400, whitening: true, normalisation: 'backbone' },
    seed,
    output
  })
}

export interface Workplace {
  userDir: string
  /** Path of a bundle in the folder of bundles. */
  bundle (name: string): string
  end (): Promise<void>
}

export async function openWorkplace (): Promise<Workplace> {
  const userDir = mkdtempSync(join(tmpdir(), 'goodparts-end-to-end-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  await startRuntime({ userDir })
  return {
    userDir,
    bundle: (name) => join(userDir, 'goodparts', 'bundles', `${name}.onnx`),
    end: async () => {
      await stopRuntime()
      rmSync(userDir, { recursive: true, force: true })
    }
  }
}

export interface LineChanges { camera?: object, model?: object, score?: object, out?: object, brokerPort?: number }

/** Camera to verdict, and to Kafka where there is a port. Each line has a source of its own, since ledgers carry its name. */
export class PlatesLine {
  readonly source: string
  readonly frames: FrameHeader[] = []
  readonly verdicts: InspectionRecord[] = []
  readonly outputs: Verdict[] = []
  readonly events: CaptureEvent[] = []
  /** Messages that Kafka-out has completed. */
  completed = 0
  /** What Catch nodes got. */
  readonly caught: Array<{ code?: string, message: string }> = []
  /** What nodes reported for the log and the editor's side bar, by node. */
  readonly errors: Record<string, string[]> = {}
  readonly statuses: Record<string, NodeStatus[]> = {}

  constructor (source: string) {
    this.source = source
  }

  async deploy (changes: LineChanges = {}): Promise<void> {
    // Node-RED takes a node without a place on the tab for a configuration node.
    const flow = this.#flow(changes).map((node) => 'z' in node ? { x: 0, y: 0, ...node } : node)
    await deploy([capture, model, score, kafkaBroker, kafkaOut], flow)
    this.#listen('frames', (msg) => { this.frames.push(msg.payload as FrameHeader) })
    this.#listen('events', (msg) => { this.events.push(msg.payload as CaptureEvent) })
    for (const verdict of ['good', 'review', 'reject', 'not-inspected'] as const) {
      this.#listen(verdict, (msg) => {
        this.verdicts.push(msg.inspection as InspectionRecord)
        this.outputs.push(verdict)
      })
    }
    this.#listen('completed', () => { this.completed++ })
    this.#listen('errors', (msg) => { this.caught.push(msg.error as { message: string }) })
    for (const id of ['camera', 'model', 'score', ...(changes.brokerPort === undefined ? [] : ['out'])]) this.#spy(id)
    this.command('start')
  }

  /** Waits for the model; fails at once with what it reports instead. */
  async modelReady (): Promise<void> {
    await until('the model', () => this.model.current() !== undefined || this.errors.model?.length !== 0)
    expect(this.errors.model).toEqual([])
  }

  command (payload: string): void {
    nodeOf('camera').receive({ payload })
  }

  get model (): ModelNode {
    return nodeOf('model') as ModelNode
  }

  ledger (hop: string): LedgerSnapshot {
    const found = allLedgers().find((ledger) => ledger.hop === hop)
    if (found === undefined) throw new Error(`Expected a ledger ${hop}, got ${allLedgers().map((ledger) => ledger.hop).join(', ')}`)
    return found
  }

  /** Waits until `count` verdicts more have come. */
  async more (count: number): Promise<void> {
    const wanted = this.verdicts.length + count
    await until(`${wanted} verdicts`, () => this.verdicts.length >= wanted)
  }

  /** Stops the camera and waits until all that came from it is judged. */
  async stop (): Promise<void> {
    this.command('stop')
    await until('the camera to stop', () => this.events.at(-1)?.kind === 'stopped')
    const sent = this.events.at(-1)?.counters.frames
    await until('every frame to have its verdict', () => this.frames.length === sent && this.verdicts.length === sent)
  }

  shown (id: string): string | undefined {
    return this.statuses[id]?.at(-1)?.text
  }

  #listen (id: string, take: (msg: Record<string, unknown>) => void): void {
    nodeOf(id).on('input', (msg: unknown) => { take(msg as Record<string, unknown>) })
  }

  #spy (id: string): void {
    const node = nodeOf(id) as unknown as { on: (event: string, listener: (call: { args: unknown[] }) => void) => void }
    const errors = this.errors[id] ??= []
    const statuses = this.statuses[id] ??= []
    node.on('call:error', ({ args: [text] }) => { errors.push(String(text)) })
    node.on('call:status', ({ args: [status] }) => { statuses.push(status as NodeStatus) })
  }

  #flow ({ camera, model, score, out, brokerPort }: LineChanges): object[] {
    const toKafka = brokerPort === undefined ? [] : ['out']
    const verdicts = ['good', 'review', 'reject', 'not-inspected']
    return [
      { id: 'flow', type: 'tab' },
      {
        id: 'camera', z: 'flow', type: 'goodparts-capture', name: '', source: this.source, pipeline: 'sample-line', parameters: { folder: sample, rate: 20, learn: 0, defectShare: 0.3, seed: 3 }, width: '', height: '', channels: '1', maximumRate: '', cropLeft: '', cropTop: '', cropRight: '', cropBottom: '', policy: 'auto', triggered: false, watchdog: '20', endOfStream: 'auto', autostart: false, ...camera, wires: [['frames', 'score'], ['events']]
      },
      { id: 'model', type: 'goodparts-model', name: '', bundle: 'plates', device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5', ...model },
      { id: 'score', z: 'flow', type: 'goodparts-score', name: '', model: 'model', line: this.source, product: 'plate', deadline: '0', policy: 'every', capacity: '2000', batch: '1', ...score, wires: verdicts.map((id) => [id, ...toKafka]) },
      ...brokerPort === undefined
        ? []
        : [
            { id: 'broker', type: 'goodparts-kafka-broker', name: '', brokers: `127.0.0.1:${brokerPort}`, clientId: 'goodparts', useTls: false, tls: '', mechanism: 'none' },
            { id: 'out', z: 'flow', type: 'goodparts-kafka-out', name: '', sink: 'kafka', broker: 'broker', topic: this.source, key: '', value: 'inspection', path: '', spoolFolder: '', maximumRecords: '100000', maximumSize: '100', wires: [], ...out },
            { id: 'complete', z: 'flow', type: 'complete', scope: ['out'], wires: [['completed']] }
          ],
      { id: 'caught', z: 'flow', type: 'catch', wires: [['errors']] },
      ...['frames', 'events', ...verdicts, 'completed', 'errors'].map((id) => ({ id, z: 'flow', type: 'helper' }))
    ]
  }
}

/** Waits for a state, not for a time. */
export async function until (what: string, holds: () => boolean): Promise<void> {
  await expect.poll(holds, { interval: 20, timeout: WAIT_MS, message: `waiting for ${what}` }).toBe(true)
}

/** Process ids of the capture processes that this process has started. */
export function captureProcesses (): number[] {
  const lines = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(process.pid)], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => /native-pipelines\/host\/host\.\w+$/.test(line.trimEnd())).map((line) => Number.parseInt(line, 10))
}

/** Verdicts by output, those of one line. */
export function countBy<Item> (items: readonly Item[], key: (item: Item) => string): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}
