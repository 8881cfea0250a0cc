import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red'
import { GoodpartsError } from '../../../engine/errors.ts'
import { Completion, type End } from '../../../nodes/shared/completion.ts'
import { deploy, nodeOf, redeploy, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

const require = createRequire(import.meta.url)
const core = ['common/60-link', 'function/89-delay'].map((name) => require(`@node-red/nodes/core/${name}.js`) as (RED: NodeAPI) => void)
const { events } = require('@node-red/util') as Pick<NodeAPI, 'events'>

let completion: Completion
const sender = { send: (_msg: NodeMessage): void => { /* none is deployed */ } }

type Taking = NodeDef & { after?: number, closing?: number, error?: string, passing?: boolean }

/** `sender` sends; `slow` and `goodparts-slow` are done after 50 ms, or as long as they are told, having passed their message on at once; `old` is of the old kind: it says nothing when it is done. */
function nodes (RED: NodeAPI): void {
  RED.nodes.registerType('sender', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    const own = new Completion(RED)
    completion = own
    sender.send = (msg) => { this.send(msg) }
    this.on('close', () => { own.close() })
  })
  for (const type of ['slow', 'goodparts-slow']) {
    RED.nodes.registerType(type, function (this: Node, config: Taking) {
      RED.nodes.createNode(this, config)
      const { after = 50, closing = 0, error, passing = false } = config
      const those = ends
      this.on('input', (msg, send, done) => {
        send(msg)
        setTimeout(() => { those.push(this.id); done(error === undefined ? undefined : passing ? new GoodpartsError('GOODPARTS_QUEUE_FULL', error) : new Error(error)) }, after)
      })
      this.on('close', (_removed: boolean, closed: () => void) => { setTimeout(closed, closing) })
    })
  }
  RED.nodes.registerType('old', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    this.on('input', () => { ends.push(this.id) })
  })
}

let ends: string[] = []
const at = { z: 'flow', x: 0, y: 0 }

function flowOf (behind: object[]): object[] {
  return [{ id: 'flow', type: 'tab' }, { id: 'sender', ...at, type: 'sender', wires: [['a', 'b']] }, ...behind.map((node) => 'type' in node && node.type === 'subflow' ? node : { ...at, wires: [], ...node })]
}

async function flow (...behind: object[]): Promise<void> {
  ends = []
  await deploy([...core, nodes], flowOf(behind))
}

/** Deploys what has changed, as the editor does. */
async function change (...behind: object[]): Promise<void> {
  await redeploy(flowOf(behind), 'nodes')
}

async function give (id: string, limitMs = 5000): Promise<End> {
  const msg = { _msgid: id, payload: id }
  return await completion.of(msg, limitMs, () => { sender.send(msg) })
}

async function received (id: string): Promise<void> {
  await new Promise<void>((resolve) => { nodeOf(id).on('input', () => { resolve() }) })
}

beforeAll(async () => { await startRuntime() })
afterEach(undeploy)
afterAll(stopRuntime)

const done: End = { error: undefined, heldBy: [] }
const again = { error: { code: 'GOODPARTS_CLOSED', retriable: true } }

describe('the end of a message', () => {
  it('has come when every node of every branch is done', async () => {
    await flow({ id: 'a', type: 'slow', wires: [['c']] }, { id: 'b', type: 'old' }, { id: 'c', type: 'slow' })

    expect(await give('1')).toEqual(done)
    expect(ends).toEqual(['b', 'a', 'c'])
  })

  it('brings the error of a node with it, after the others are done', async () => {
    await flow({ id: 'a', type: 'slow' }, { id: 'b', type: 'slow', after: 0, error: 'no room' })

    expect(String((await give('2')).error)).toContain('no room')
    expect(ends).toEqual(['b', 'a'])
  })

  it('brings of several errors one that may pass, so that the message is sent again', async () => {
    await flow({ id: 'a', type: 'slow', after: 0, error: 'no picture' }, { id: 'b', type: 'slow', error: 'no room', passing: true })

    expect((await give('8')).error).toMatchObject({ message: 'no room', retriable: true })
  })

  it('has come at once where nobody takes the message, and after the limit where a node of another package keeps it', async () => {
    await flow({ id: 'a', type: 'slow', d: true })
    expect(await give('3')).toEqual(done)
    await undeploy()

    await flow({ id: 'a', type: 'slow' })
    expect((await give('4', 1)).heldBy).toEqual([nodeOf('a')])
    expect(ends).toEqual([])
  })

  it('waits longer than the limit for a node of ours', async () => {
    await flow({ id: 'a', type: 'goodparts-slow', after: 100 })

    expect(await give('5', 10)).toEqual(done)
    expect(ends).toEqual(['a'])
  })

  it('waits for what comes behind a link call, and hears its error', async () => {
    await flow({ id: 'a', type: 'link call', links: ['in'], linkType: 'static', timeout: '30', wires: [['last']] }, { id: 'in', type: 'link in', links: [], wires: [['out']] }, { id: 'out', type: 'link out', mode: 'return', links: [] }, { id: 'last', type: 'slow', error: 'no room' })

    expect(String((await give('6')).error)).toContain('no room')
  })

  it('waits for what is inside a subflow, and hears its error', async () => {
    await flow({ id: 'sub', type: 'subflow', name: '', in: [{ x: 0, y: 0, wires: [{ id: 'inner' }] }], out: [] }, { id: 'inner', type: 'slow', z: 'sub', error: 'no room' }, { id: 'a', type: 'subflow:sub' })

    expect(String((await give('7')).error)).toContain('no room')
  })
})

describe('a message on its way while others are deployed', () => {
  it('is to be sent again where its receiver is away', async () => {
    const passing = { id: 'a', type: 'goodparts-slow', after: 0, wires: [['c']] }
    await flow(passing, { id: 'c', type: 'goodparts-slow', closing: 100 })
    const meanwhile = new Promise<void>((resolve) => { events.once('flows:stopping', () => { setTimeout(resolve, 20) }) }).then(async () => await give('1'))

    await change(passing, { id: 'c', type: 'goodparts-slow', name: 'changed' })

    expect(await meanwhile).toMatchObject(again)
    expect(await give('2')).toEqual(done)
    expect(ends).toEqual(['a', 'a', 'c'])
  })

  it.each([
    ['ends while it has the message', { type: 'slow', after: 60_000 }],
    ['throws it away and says that it is done', { type: 'delay', pauseType: 'delay', timeout: '60', timeoutUnits: 'seconds', rate: '1', nbRateUnits: '1', rateUnits: 'second', randomFirst: '1', randomLast: '5', randomUnits: 'seconds', drop: false, outputs: 1 }]
  ])('is to be sent again where a node %s', async (_what, node) => {
    await flow({ id: 'a', ...node })
    const inside = received('a')
    const end = give('1')
    await inside

    await change({ id: 'a', ...node, name: 'changed' })

    expect(await end).toMatchObject(again)
  })

  it('has come to its end where a node of ours takes it while it closes', async () => {
    await flow({ id: 'a', type: 'goodparts-slow', closing: 200 })
    const inside = received('a')
    const end = give('1')
    await inside

    await change({ id: 'a', type: 'goodparts-slow', name: 'changed' })

    expect(await end).toEqual(done)
  })
})

it('is asked of Node-RED only while somebody asks', async () => {
  const { hooks } = require('@node-red/util') as { hooks: { has: (id: string) => boolean } }
  const heard = (): string[] => ['onSend', 'preRoute', 'preDeliver', 'postDeliver', 'onReceive', 'postReceive', 'onComplete'].filter((id) => hooks.has(id))
  await flow({ id: 'other', type: 'sender' }, { id: 'third', type: 'sender' })
  expect(heard()).toEqual(['preRoute', 'preDeliver', 'onReceive', 'postReceive', 'onComplete'])

  await undeploy()
  expect(heard()).toEqual([])
})
