import { afterEach, expect, test } from 'vitest'
import type { Node, NodeMessage } from 'node-red'
import { Frame } from '../../../engine/frame/frame.ts'
import { Ledger } from '../../../engine/frame/ledger.ts'
import type { FlowNode } from '../../../nodes/shared/flow-graph.ts'
import { RestartingNodes } from '../../../nodes/shared/restarting-nodes.ts'

const flows: FlowNode[] = [
  { id: 'flow', type: 'tab' },
  { id: 'camera', z: 'flow', type: 'goodparts-capture', wires: [['score']] },
  { id: 'score', z: 'flow', type: 'goodparts-score', wires: [['out', 'ejector']] },
  { id: 'out', z: 'flow', type: 'goodparts-kafka-out', wires: [] },
  { id: 'ejector', z: 'flow', type: 'function', wires: [['out', 'gpio']] },
  { id: 'gpio', z: 'flow', type: 'rpi-gpio out', wires: [] }
]
const without = (id: string): FlowNode[] => flows.filter((node) => node.id !== id)
const disabled = (id: string): FlowNode[] => flows.map((node) => node.id === id ? { ...node, [node.type === 'tab' ? 'disabled' : 'd']: true } : node)

type Part = NodeMessage & { inspection: { eventId: string }, frame?: Frame }

function part (number: number, edge = 4): Part {
  return { _msgid: String(number), inspection: { eventId: `line-${number}` }, frame: Frame.fromPixels(new Uint8Array(edge * edge), { source: 'test', sequence: number, width: edge, height: edge, channels: 1 }) }
}

const ledgers: Ledger[] = []
afterEach(() => { for (const ledger of ledgers.splice(0)) ledger.close() })

function restarting (): { nodes: RestartingNodes, ledger: Ledger, send: (source: string, to: string, msg: NodeMessage, isThere?: boolean) => boolean } {
  const ledger = new Ledger('restarting')
  ledgers.push(ledger)
  const nodes = new RestartingNodes(() => ledger)
  nodes.started(flows, () => null)
  const send = (source: string, to: string, msg: NodeMessage, isThere = false): boolean => {
    const { type } = flows.find((node) => node.id === source) as FlowNode
    return nodes.routed({ source: { type }, to, msg, copy: () => ({ ...msg }) }, isThere)
  }
  return { nodes, ledger, send }
}

function receiver (id: string): { find: (wanted: string) => Node | null, got: Part[] } {
  const got: Part[] = []
  const node = { id, receive: (msg: Part) => { got.push(msg) } } as unknown as Node
  return { got, find: (wanted) => wanted === id ? node : null }
}

test('what comes for a node that is away waits for the next one, and what comes before that has it waits behind', () => {
  const { nodes, ledger, send } = restarting()
  expect(send('score', 'out', part(0))).toBe(false)
  nodes.stopping(flows)
  expect(send('score', 'out', part(1))).toBe(true)
  // Node-RED has made it, and starts others still.
  expect(send('score', 'out', part(2), true)).toBe(true)
  expect(send('camera', 'score', part(3), true)).toBe(false)
  expect(ledger.snapshot()).toMatchObject({ in: 2, out: 0, inFlight: 2 })
  const { find, got } = receiver('out')
  expect(nodes.started(flows, find)).toEqual({ delivered: 2, lost: {}, nodes: ['out'] })
  expect(got.map(({ _msgid }) => _msgid)).toEqual(['1', '2'])
  expect(ledger.snapshot()).toMatchObject({ in: 2, out: 2, dropped: {}, inFlight: 0 })
  expect(send('score', 'out', part(4))).toBe(false)
})

test('of verdicts that are too many bytes the records stay, and of frames to be judged the newest', () => {
  const { nodes, ledger, send } = restarting()
  nodes.stopping(flows)
  // 100 of 1 MiB.
  for (let number = 0; number < 100; number++) {
    send('score', 'out', part(number, 1024))
    send('camera', 'score', part(number, 1024))
  }
  const [out, score] = [receiver('out'), receiver('score')]
  expect(nodes.started(flows, (id) => out.find(id) ?? score.find(id))).toEqual({ delivered: 164, lost: { 'queue-full': 36 }, nodes: ['score', 'out'] })
  expect(out.got.map(({ inspection, frame }) => [inspection.eventId, frame !== undefined])).toEqual(Array.from({ length: 100 }, (_, number) => [`line-${number}`, number >= 36]))
  expect(score.got.map(({ frame }) => frame?.sequence)).toEqual(Array.from({ length: 64 }, (_, number) => 36 + number))
  expect(ledger.snapshot()).toMatchObject({ in: 200, out: 164, dropped: { 'queue-full': 36 }, inFlight: 0 })
})

test('records are bounded in number too', () => {
  const { nodes, ledger, send } = restarting()
  nodes.stopping(flows)
  for (let number = 0; number < 1010; number++) send('score', 'out', { inspection: { eventId: String(number) } })
  const { find, got } = receiver('out')
  expect(nodes.started(flows, find)).toMatchObject({ delivered: 1000, lost: { 'queue-full': 10 } })
  expect(got[0]?.inspection.eventId).toBe('10')
  expect(ledger.snapshot()).toMatchObject({ in: 1010, out: 1000, dropped: { 'queue-full': 10 }, inFlight: 0 })
})

test.each([
  ['removed', without('out')],
  ['disabled', disabled('out')],
  ['disabled with its tab', disabled('flow')]
])('nothing waits for a node that is %s', (_how, after) => {
  const { nodes, ledger, send } = restarting()
  nodes.stopping(after)
  send('score', 'out', part(1))
  expect(ledger.snapshot()).toMatchObject({ in: 1, dropped: { 'node-removed': 1 }, inFlight: 0 })
  expect(nodes.started(after, () => null)).toEqual({ delivered: 0, lost: { 'node-removed': 1 }, nodes: ['out'] })
  expect(send('score', 'out', part(2))).toBe(false)
  nodes.stopping(after)
  expect(send('score', 'out', part(3))).toBe(false)
})

test('what waits is lost where the flows do not start again, and so is what comes then', () => {
  const { nodes, ledger, send } = restarting()
  nodes.stopping(flows)
  send('score', 'out', part(1))
  expect(nodes.ended()).toEqual({ delivered: 0, lost: { 'flow-stopped': 1 }, nodes: ['out'] })
  send('score', 'out', part(2))
  expect(ledger.snapshot()).toMatchObject({ in: 2, dropped: { 'flow-stopped': 2 }, inFlight: 0 })
  expect(nodes.started(flows, () => null)).toEqual({ delivered: 0, lost: { 'flow-stopped': 1 }, nodes: ['out'] })
})

test('a node of another package that may do more than record a part does not get it late', () => {
  const { nodes, ledger, send } = restarting()
  nodes.stopping(flows)
  send('score', 'ejector', part(1))
  // Nothing of it is recorded.
  expect(send('score', 'gpio', part(2))).toBe(false)
  const { find, got } = receiver('ejector')
  expect(nodes.started(flows, find)).toEqual({ delivered: 0, lost: { 'flow-stopped': 1 }, nodes: ['ejector'] })
  expect(got).toEqual([])
  expect(ledger.snapshot()).toMatchObject({ in: 1, dropped: { 'flow-stopped': 1 }, inFlight: 0 })
})
