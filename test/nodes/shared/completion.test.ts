import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { Node, NodeAPI, NodeDef, NodeMessage } from 'node-red'
import { Completion } from '../../../nodes/shared/completion.ts'
import { deploy, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

let completion: Completion
const sender = { send: (_msg: NodeMessage): void => { /* none is deployed */ } }

/** `sender` sends; `slow` is done after 50 ms, having passed its message on at once; `failing` fails. */
function nodes (RED: NodeAPI): void {
  RED.nodes.registerType('sender', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    completion = new Completion(RED.hooks, this.id)
    sender.send = (msg) => { this.send(msg) }
    this.on('close', () => { completion.close() })
  })
  RED.nodes.registerType('slow', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    this.on('input', (msg, send, done) => {
      send(msg)
      setTimeout(() => { ends.push(this.id); done() }, 50)
    })
  })
  RED.nodes.registerType('failing', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    this.on('input', (_msg, _send, done) => { done(new Error('no room')) })
  })
  // Of the old kind: it says nothing when it is done.
  RED.nodes.registerType('old', function (this: Node, config: NodeDef) {
    RED.nodes.createNode(this, config)
    this.on('input', () => { ends.push(this.id) })
  })
}

let ends: string[] = []
const at = { z: 'flow', x: 0, y: 0 }

async function flow (...behind: object[]): Promise<void> {
  ends = []
  await deploy([nodes], [{ id: 'flow', type: 'tab' }, { id: 'sender', ...at, type: 'sender', wires: [['a', 'b']] }, ...behind.map((node) => ({ ...at, wires: [], ...node }))])
}

async function give (id: string, limitMs = 5000): Promise<unknown> {
  const msg = { _msgid: id, payload: id }
  return await completion.of(msg, limitMs, () => { sender.send(msg) })
}

beforeAll(async () => { await startRuntime() })
afterEach(undeploy)
afterAll(stopRuntime)

it('has come when every node of every branch is done', async () => {
  await flow({ id: 'a', type: 'slow', wires: [['c']] }, { id: 'b', type: 'old' }, { id: 'c', type: 'slow' })

  expect(await give('1')).toBeUndefined()
  expect(ends).toEqual(['b', 'a', 'c'])
})

it('brings the error of a node with it, after the others are done', async () => {
  await flow({ id: 'a', type: 'slow' }, { id: 'b', type: 'failing' })

  expect(String(await give('2'))).toContain('no room')
  expect(ends).toEqual(['a'])
})

it('has come at once where nobody takes the message, and after the limit where somebody keeps it', async () => {
  await flow()
  expect(await give('3')).toBeUndefined()
  await undeploy()

  await flow({ id: 'a', type: 'slow' })
  expect(await give('4', 1)).toBeUndefined()
  expect(ends).toEqual([])
})
