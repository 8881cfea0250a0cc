import { expect, test } from 'vitest'
import type { Node, NodeMessage } from 'node-red'
import { Frame } from '../../../engine/frame/frame.ts'
import { VerdictsInFlight } from '../../../nodes/shared/verdicts-in-flight.ts'
import type { FlowNode } from '../../../nodes/shared/flow-graph.ts'

const flows = [
  { id: 'score', type: 'goodparts-score', wires: [['delay'], ['delay'], ['delay'], ['delay']] },
  { id: 'delay', type: 'delay', wires: [['out']] },
  { id: 'out', type: 'goodparts-kafka-out', wires: [] }
].map((node) => ({ ...node, z: 'flow' })) as unknown as FlowNode[]

/** As a flow that is deployed anew makes them: another object of the same id. */
function delayNode (receive: (msg: NodeMessage) => void = () => { /* nobody looks */ }): Node {
  return { id: 'delay', _expectedDoneCount: 1, receive } as unknown as Node
}

function verdict (number: number, edge: number): NodeMessage {
  return { _msgid: String(number), inspection: { eventId: `line-${number}` }, frame: Frame.fromPixels(new Uint8Array(edge * edge), { source: 'test', sequence: number, width: edge, height: edge, channels: 1 }) }
}

test('keeps every verdict of a node that never says that it is done, and the pixels of the newest that fit', () => {
  const verdicts = new VerdictsInFlight()
  const before = delayNode()
  verdicts.started(flows, () => before)
  // 100 of 1 MiB.
  for (let number = 0; number < 100; number++) verdicts.received(before, verdict(number, 1024))
  verdicts.stopping()
  const received: Array<{ inspection: { eventId: string }, frame?: Frame }> = []

  const afterwards = verdicts.started(flows, () => delayNode((msg) => { received.push(msg as unknown as typeof received[0]) }))

  expect(afterwards).toEqual({ delivered: 100, lost: 0, nodes: ['delay'] })
  expect(received.map(({ inspection }) => inspection.eventId)).toEqual(Array.from({ length: 100 }, (_, number) => `line-${number}`))
  expect(received.map(({ frame }) => frame !== undefined)).toEqual(Array.from({ length: 100 }, (_, number) => number >= 36))
})

test('gives the place of a verdict that is done to the next one', () => {
  const verdicts = new VerdictsInFlight()
  const before = delayNode()
  verdicts.started(flows, () => before)
  for (let number = 0; number < 100; number++) {
    const msg = verdict(number, 1024)
    verdicts.received(before, msg)
    if (number < 90) verdicts.completed(before, msg)
  }
  verdicts.stopping()
  const received: Array<{ frame?: Frame }> = []

  verdicts.started(flows, () => delayNode((msg) => { received.push(msg as unknown as typeof received[0]) }))

  expect(received.map(({ frame }) => frame?.sequence)).toEqual(Array.from({ length: 10 }, (_, number) => 90 + number))
})
