/** A followed message that waits for a node which a deploy restarts: it ends when that has done it, and is not said to be lost. */
import { createRequire } from 'node:module'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Node, NodeAPI, NodeDef } from 'node-red'
import model from '../../../nodes/model/goodparts-model.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { Completion, type End } from '../../../nodes/shared/completion.ts'
import { deploy, redeploy, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

const { events } = createRequire(import.meta.url)('@node-red/util') as Pick<NodeAPI, 'events'>
const done: unknown[] = []
let give: (id: string) => Promise<End>

function nodes (RED: NodeAPI): void {
  RED.nodes.registerType('goodparts-sender', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    const completion = new Completion(RED)
    give = async (_msgid) => {
      const msg = { _msgid, payload: _msgid }
      return await completion.of(msg, 5000, () => { this.send(msg) })
    }
    this.on('close', () => { completion.close() })
  })
  RED.nodes.registerType('goodparts-receiver', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    this.on('input', ({ payload }, _send, finished) => {
      done.push(payload)
      finished()
    })
    this.on('close', (closed: () => void) => { setTimeout(closed, 50) })
  })
}

const flow = (name: string): object[] => [
  { id: 'flow', type: 'tab' },
  { id: 'sender', z: 'flow', x: 0, y: 0, type: 'goodparts-sender', wires: [['receiver']] },
  { id: 'receiver', z: 'flow', x: 0, y: 0, type: 'goodparts-receiver', name, wires: [] }
]

beforeAll(async () => { await startRuntime() })
afterAll(async () => {
  await undeploy()
  await stopRuntime()
})

it('ends once, without an error', async () => {
  await deploy([model, score, nodes], flow(''))
  const ends: Array<Promise<End>> = []
  events.once('flows:stopping', () => { setImmediate(() => { ends.push(give('one'), give('two')) }) })
  await redeploy(flow('changed'), 'nodes')
  expect(ends).toHaveLength(2)
  expect(await Promise.all(ends)).toEqual([{ error: undefined, heldBy: [] }, { error: undefined, heldBy: [] }])
  expect(done).toEqual(['one', 'two'])
})
