/** A live server with a line and its replay buffer, in a process of its own that may be killed: folder, and folder of the page, as arguments. */
import { join } from 'node:path'
import { LineReplay } from '../../engine/continual/line-replay.ts'
import { LearningLines } from '../../engine/live/learning-line.ts'
import { LiveServer } from '../../engine/live/server.ts'
import { learningLine } from '../../nodes/replay-buffer/learning-line.ts'
import { openSampleLine } from '../live/sample-line.ts'

const [folder = '', pageFolder = ''] = process.argv.slice(2)
const request = { bundle: join(folder, 'line.onnx'), folder, policy: 'snnl-preserving', memory: { items: 40, bytes: 1e9 }, inbox: { items: 200, bytes: 1e9 }, mode: 'extend', reviewRate: 0.1, rejectRate: 0.02, seed: 1 } as const
const line = new LineReplay({ request, updateAfter: 0, learnFromLineEveryMs: null, driftRate: 0.001 })
const learning = new LearningLines()
const model = { current: () => undefined, swap: async () => await Promise.reject(new Error('Expected no bundle to be swapped')) }
learning.attach('Plates 1', learningLine({ id: 'buffer', product: 'plate', line, model, show: () => { learning.changed() } }))
const server = new LiveServer({ port: 0, pageFolder, learning, history: { path: join(folder, 'live.sqlite') } })
const { url } = await server.start()
const parts = await openSampleLine('Plates 1')
server.publish(parts.nextReject())
setInterval(() => { server.publish(parts.next()) }, 100)
process.send?.(url)
