/** A form that names a configuration node of another type, as a flow that was written by hand may. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import heatmap from '../../../nodes/heatmap/goodparts-heatmap.ts'
import kafkaBroker from '../../../nodes/kafka-broker/goodparts-kafka-broker.ts'
import kafkaOut from '../../../nodes/kafka-out/goodparts-kafka-out.ts'
import live from '../../../nodes/live/goodparts-live.ts'
import liveServer from '../../../nodes/live-server/goodparts-live-server.ts'
import model from '../../../nodes/model/goodparts-model.ts'
import replayBuffer from '../../../nodes/replay-buffer/goodparts-replay-buffer.ts'
import { deploy, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy, untilStatus } from '../flow-runtime.ts'

beforeAll(async () => { await startRuntime() })
afterEach(undeploy)
afterAll(stopRuntime)

const replay = { product: '', policy: '', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1', wires: [[], [], []] }
const configurations = [
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'none', device: 'cpu', workers: '1', reviewRate: '5', rejectRate: '0.5' },
  { id: 'broker', type: 'goodparts-kafka-broker', name: '', brokers: '127.0.0.1:1', clientId: '', useTls: false, mechanism: 'none' }
]

it.each([
  ['kafka out', { type: 'goodparts-kafka-out', sink: 'kafka', broker: 'model', topic: 'parts', key: '', value: '', path: '', spoolFolder: '', maximumRecords: '10', maximumSize: '1' }, 'Expected a Kafka broker to be chosen, got none'],
  ['heatmap', { type: 'goodparts-heatmap', explainGood: false, explainReview: true, explainReject: true, opacity: '0.6', quality: '85', capacity: '1', model: 'broker', methods: 'layer-cam' }, 'Expected a model to be chosen for the methods, got none'],
  ['replay buffer', { type: 'goodparts-replay-buffer', model: 'broker', server: '', ...replay }, 'Expected a model to be chosen, got none'],
  ['live', { type: 'goodparts-live', server: 'model', line: '' }, 'Expected a live server to be chosen, got none']
])('%s says that none is chosen, and is not configured', async (_name, node, message) => {
  await deploy([heatmap, kafkaBroker, kafkaOut, live, liveServer, model, replayBuffer], [
    { id: 'flow', type: 'tab' },
    ...configurations,
    { id: 'node', z: 'flow', name: '', wires: [], ...node },
    { id: 'caught', z: 'flow', type: 'catch', scope: ['node'], wires: [['errors']] },
    { id: 'errors', z: 'flow', type: 'helper' }
  ])
  await untilStatus('node', ({ fill, text }) => fill === 'red' && text?.endsWith('.status.notConfigured') === true)
  const caught = nextMessage('errors')
  nodeOf('node').receive({ payload: 'x' })
  expect(await caught).toMatchObject({ error: { message: expect.stringContaining(message) as string } })
})

it('a replay buffer shows itself at no page that is none', async () => {
  await deploy([kafkaBroker, liveServer, model, replayBuffer], [
    { id: 'flow', type: 'tab' },
    ...configurations,
    { id: 'node', z: 'flow', name: '', type: 'goodparts-replay-buffer', model: 'model', server: 'broker', ...replay }
  ])
  await untilStatus('node', ({ text }) => text?.endsWith('.status.collecting') === true)
})
