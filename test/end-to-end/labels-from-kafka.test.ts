import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { saveBundle } from '../../engine/bundle/bundle.ts'
import { LabelInbox, type WaitingPicture } from '../../engine/continual/label-inbox.ts'
import { encodePng } from '../../engine/frame/image-codec.ts'
import { KafkajsClient } from '../../engine/publish/kafkajs-client.ts'
import imageIn from '../../nodes/image-in/goodparts-image-in.ts'
import kafkaBroker from '../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import kafkaIn from '../../nodes/kafka-in/goodparts-kafka-in.ts'
import live from '../../nodes/live/goodparts-live.ts'
import liveServer from '../../nodes/live-server/goodparts-live-server.ts'
import model from '../../nodes/model/goodparts-model.ts'
import replayBuffer from '../../nodes/replay-buffer/goodparts-replay-buffer.ts'
import { freePort, kafkaMissing, startKafka, type KafkaBroker } from '../../scripts/test-kafka.ts'
import type { InspectionRecord } from '../../schemas/inspection.ts'
import { Browser } from '../live/browser.ts'
import { openSampleLine } from '../live/sample-line.ts'
import { deploy, nodeOf, redeploy, startRuntime, stopRuntime, undeploy, untilStatus } from '../nodes/flow-runtime.ts'
import { brightnessBundle } from '../runtime/brightness-bundle.ts'

const missing = kafkaMissing()
if (missing !== null) process.stdout.write(`skipped: labels from Kafka to the disk: ${missing}\n`)

const nodes = [model, replayBuffer, live, liveServer, kafkaBroker, kafkaIn, imageIn]
const folder = mkdtempSync(join(tmpdir(), 'goodparts-labels-from-kafka-'))
let kafka: KafkaBroker
let client: KafkajsClient
let port: number

/** Labels with pictures by image in, and words on inspected parts by the live node, both into one replay buffer. */
function flow (names: { buffer?: string, live?: string, pictures?: string } = {}): object[] {
  const reader = { type: 'goodparts-kafka-in', name: '', broker: 'broker', group: '', from: 'earliest', content: 'label' }
  return [
    { id: 'flow', type: 'tab' },
    { id: 'broker', type: 'goodparts-kafka-broker', name: '', brokers: kafka.address, clientId: 'goodparts', useTls: false, tls: '', mechanism: 'none' },
    { id: 'model', type: 'goodparts-model', name: '', bundle: 'line', device: 'cpu', workers: '1', reviewRate: '10', rejectRate: '2' },
    { id: 'server', type: 'goodparts-live-server', name: '', host: '127.0.0.1', port: String(port), framesPerSecond: '12', jpegQuality: '80', historyFolder: '', historyInspections: '10000', historySize: '512', tls: '' },
    { id: 'read-pictures', z: 'flow', ...reader, topic: 'pictures', wires: [['pictures']] },
    { id: 'read-words', z: 'flow', ...reader, topic: 'words', wires: [['live']] },
    { id: 'pictures', z: 'flow', type: 'goodparts-image-in', name: names.pictures ?? '', source: 'elsewhere', folder: '', colour: 'auto', capacity: '16', wires: [['buffer']] },
    { id: 'live', z: 'flow', type: 'goodparts-live', name: names.live ?? '', server: 'server', line: 'a', wires: [['buffer']] },
    { id: 'buffer', z: 'flow', type: 'goodparts-replay-buffer', name: names.buffer ?? '', model: 'model', server: 'server', line: 'a', product: '', policy: 'snnl-preserving', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1', wires: [[], [], []] }
  ].map((node) => 'z' in node ? { ...node, x: 0, y: 0 } : node)
}

/** As they lie on the disk. */
const kept = (): readonly WaitingPicture[] => new LabelInbox(join(folder, 'goodparts', 'replay', 'buffer', 'inbox'), { items: 1000, bytes: 1e9 }).waiting
const from = (topic: string): WaitingPicture[] => kept().filter(({ words = [] }) => words.some((word) => word.includes(`/${topic}/`)))
const keptAtLeast = async (topic: string, count: number): Promise<void> => { await expect.poll(() => from(topic).length, { timeout: 60_000, interval: 20 }).toBeGreaterThanOrEqual(count) }

/** What each of the topic's records is kept as, in their order: once. */
function inOrder (topic: string): string[] {
  const words = kept().flatMap(({ words: all = [], label }) => all.filter((word) => word.includes(`/${topic}/`)).map((word) => ({ offset: Number(word.split('/').at(-1)), label })))
  return words.sort((a, b) => a.offset - b.offset).map(({ label }) => label)
}

async function labelledPicture (number: number): Promise<object> {
  const picture = await encodePng({ width: 40, height: 24, channels: 1, data: new Uint8Array(960).fill(number) })
  return { label: number % 2 === 0 ? 'good' : 'scratch', product: 'plate', picture: Buffer.from(picture).toString('base64') }
}

const send = async (topic: string, values: object[]): Promise<void> => { await client.send(values.map((value) => ({ topic, key: 'mes', value: JSON.stringify(value) }))) }

beforeAll(async () => {
  if (missing !== null) return
  process.env.XDG_CACHE_HOME = join(folder, 'cache')
  kafka = await startKafka()
  client = new KafkajsClient({ brokers: [kafka.address], clientId: 'mes' })
  port = await freePort()
  await startRuntime({ userDir: folder })
}, 180_000)
afterEach(async () => { if (missing === null) await undeploy() })
afterAll(async () => {
  if (missing === null) {
    await stopRuntime()
    await client.close()
    await kafka.stop()
  }
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(missing !== null)('labels from a real broker, while what takes them is deployed again and again', () => {
  it('are each in the replay buffer once, those with pictures and those on inspected parts', async () => {
    await saveBundle(join(folder, 'goodparts', 'bundles', 'line.onnx'), await brightnessBundle())
    await deploy(nodes, flow())
    await untilStatus('live', ({ text }) => text?.startsWith('goodparts-live.status.viewer') === true)
    const parts = await inspect(4)
    const pictures = await Promise.all(Array.from({ length: 120 }, async (_, number) => await labelledPicture(number)))

    await send('pictures', pictures)
    for (let time = 1; time <= 8; time++) {
      await keptAtLeast('pictures', 8 * time)
      await redeploy(flow({ buffer: `again ${time}` }), 'nodes')
    }
    await send('words', parts.map(({ eventId }) => ({ label: 'dent', line: 'a', eventId })))
    await redeploy(flow({ buffer: 'at last', live: 'again' }), 'nodes')
    await redeploy(flow({ buffer: 'at last', live: 'again', pictures: 'again' }), 'nodes')

    await expect.poll(() => [from('pictures').length, from('words').length], { timeout: 90_000, interval: 100 }).toEqual([120, 4])
    await undeploy()

    expect(inOrder('pictures')).toEqual(Array.from({ length: 120 }, (_, number) => number % 2 === 0 ? 'good' : 'scratch'))
    expect(inOrder('words')).toEqual(parts.map(() => 'dent'))
    expect(from('pictures').every(({ partId, words }) => partId === null && words?.length === 1)).toBe(true)
    expect(new Set(from('words').map(({ partId }) => partId))).toEqual(new Set(parts.map(({ partId }) => partId)))
  }, 120_000)
})

/** So many parts, all different, rejected and shown on the line's page. */
async function inspect (count: number): Promise<InspectionRecord[]> {
  const line = await openSampleLine('a')
  const parts = new Map<string | null, ReturnType<typeof line.next>>()
  while (parts.size < count) {
    const part = line.nextReject()
    parts.set(part.record.partId, part)
  }
  const browser = await Browser.open(`http://127.0.0.1:${port}/`)
  for (const { frame, record, map } of parts.values()) nodeOf('live').receive({ frame, inspection: record, anomalyMap: map })
  await browser.until(() => browser.of('kept').length === count)
  browser.close()
  return [...parts.values()].map(({ record }) => record)
}
