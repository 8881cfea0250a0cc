import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red'
import { GoodpartsError } from '../../../engine/errors.ts'
import { together } from '../../../engine/read-all.ts'
import { onInput, refuse, tellError } from '../../../nodes/shared/lifecycle.ts'
import { Status } from '../../../nodes/shared/status.ts'
import { deploy, nextMessage, nodeOf, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

/** A node that does `work` with each message. */
const nodeThat = (work: (node: Node, msg: NodeMessage) => NodeMessage | null) => (RED: NodeAPI): void => {
  RED.nodes.registerType('tested', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    onInput(this, async (msg) => await Promise.resolve(work(this, msg)))
  })
}

const flow = [
  { id: 'flow', type: 'tab' },
  { id: 'tested', z: 'flow', type: 'tested', wires: [['first', 'second']] },
  { id: 'catch', z: 'flow', type: 'catch', scope: ['tested'], wires: [['caught']] },
  { id: 'complete', z: 'flow', type: 'complete', scope: ['tested'], wires: [['completed']] },
  ...['first', 'second', 'caught', 'completed'].map((id) => ({ id, z: 'flow', type: 'helper' }))
].map((node) => node.type === 'tab' ? node : { ...node, x: 0, y: 0 })

function heard (id: string): Array<Record<string, unknown>> {
  const messages: Array<Record<string, unknown>> = []
  nodeOf(id).on('input', (msg: unknown) => { messages.push(msg as Record<string, unknown>) })
  return messages
}

beforeAll(async () => { await startRuntime() })
afterAll(async () => { await stopRuntime() })
afterEach(async () => { await undeploy() })

describe('a message', () => {
  it('ends as an error where what came out of it cannot be sent', async () => {
    // Node-RED reads all of a message that goes to several nodes.
    await deploy([nodeThat(() => ({ get unreadable () { throw new Error('not to be read') } }))], flow)
    const completed = heard('completed')

    const caught = nextMessage('caught')
    nodeOf('tested').receive({ payload: 1 })

    expect(await caught).toMatchObject({ error: { message: expect.stringContaining('not to be read') as string } })
    expect(completed).toEqual([])
  })
})

describe('errors that no message caused', () => {
  it('reach Catch nodes once a second at most, each kind by itself, with how many there were', async () => {
    const rejected = (number: unknown): GoodpartsError => new GoodpartsError('GOODPARTS_KAFKA_REJECTED', `Expected the broker to take record ${String(number)}`, { fix: 'Ask for less' })
    await deploy([nodeThat((node, { payload }) => {
      tellError(node, rejected(payload))
      if (payload === 50) tellError(node, new GoodpartsError('GOODPARTS_STORE_FAILED', 'Expected a disk'))
      return null
    })], flow)
    const caught = heard('caught')

    for (let payload = 1; payload <= 100; payload++) nodeOf('tested').receive({ payload })
    await expect.poll(() => caught.length, { timeout: 5000 }).toBe(3)

    expect(caught.map(({ payload }) => payload)).toEqual([
      { code: 'GOODPARTS_KAFKA_REJECTED', message: 'Expected the broker to take record 1', fix: 'Ask for less', count: 1 },
      { code: 'GOODPARTS_STORE_FAILED', message: 'Expected a disk', fix: null, count: 1 },
      { code: 'GOODPARTS_KAFKA_REJECTED', message: 'Expected the broker to take record 100', fix: 'Ask for less', count: 99 }
    ])
    expect(caught[2]?.error).toMatchObject({ message: '99 errors, the last: Expected the broker to take record 100. Ask for less' })
  })
})

describe('a node whose form is wrong', () => {
  const wrong = together(...['the opacity', 'the quality', 'the time'].map((name) => new GoodpartsError('GOODPARTS_ARGUMENT', `Expected ${name} to be a number, got "x"`)) as [GoodpartsError, GoodpartsError, GoodpartsError])
  /** What it gives to Node-RED to be logged or shown. */
  let given: { errors: unknown[], statuses: unknown[] }
  const refused = (messages?: 'passed on') => (RED: NodeAPI): void => {
    RED.nodes.registerType('tested', function (this: Node, config: NodeDef) {
      RED.nodes.createNode(this, config)
      given = { errors: [], statuses: [] }
      const [error, status] = [this.error.bind(this), this.status.bind(this)]
      this.error = (text: unknown, msg?: NodeMessage) => { given.errors.push(text); error(text, msg) }
      this.status = (shown) => { given.statuses.push(shown); status(shown) }
      refuse(RED, this, new Status(this), 'not configured', wrong, messages)
    })
  }
  const inShort = 'Expected the opacity to be a number, got "x"; and 2 more in the form, all told at the start'
  const send = (count: number): void => { for (let payload = 0; payload < count; payload++) nodeOf('tested').receive({ payload }) }

  it.each([['refused', undefined], ['passed on', 'passed on']] as const)('says all of it once in the log, and of its messages, %s, in short and seldom, with how many there were', async (said, messages) => {
    await deploy([refused(messages)], flow.filter(({ id }) => id !== 'catch'))
    const completed = heard('completed')
    await expect.poll(() => given.errors).toEqual([wrong.message])

    send(50)
    await expect.poll(() => given.errors).toHaveLength(2)
    await undeploy()

    expect(given.errors).toEqual([wrong.message, inShort, `49 messages ${said}: ${inShort}`])
    expect(completed).toEqual([])
  })

  it('tells a Catch node of every message, and the log of none', async () => {
    await deploy([refused()], flow)
    const caught = heard('caught')
    send(50)
    await expect.poll(() => caught.filter(({ error }) => (error as Error).message.endsWith(inShort)).length, { timeout: 5000 }).toBe(50)
    await undeploy()

    expect(caught.find(({ payload }) => payload === 7)).toMatchObject({ error: { code: 'GOODPARTS_ARGUMENT', source: { id: 'tested' } } })
    expect(given.errors).toEqual([wrong.message])
  })

  it('takes its status with it, so that the node in its place does not show it', async () => {
    await deploy([refused()], flow)
    expect(given.statuses).toMatchObject([{ fill: 'red', text: 'not configured' }])
    await undeploy()

    expect(given.statuses.at(-1)).toEqual({})
  })
})
