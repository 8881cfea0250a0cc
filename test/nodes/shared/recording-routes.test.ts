import { describe, expect, it } from 'vitest'
import type { FlowNode } from '../../../nodes/shared/flow-graph.ts'
import { recordingRoutes } from '../../../nodes/shared/recording-routes.ts'

const kafka: FlowNode = { id: 'kafka', type: 'goodparts-kafka-out', wires: [] }
const routes = (...flows: FlowNode[]): Array<[string, boolean, boolean]> => [...recordingRoutes(flows)].map(([id, { holdsVerdicts, onlyRecords }]) => [id, holdsVerdicts, onlyRecords])

describe('the way to what records verdicts', () => {
  it('knows the nodes before a recorder, and which of them are not ours', () => {
    expect(routes({ id: 'score', type: 'goodparts-score', wires: [['wait'], ['wait']] }, { id: 'wait', type: 'delay', wires: [['kafka']] }, kafka)).toEqual([
      ['score', false, true], ['wait', true, true], ['kafka', false, true]
    ])
  })

  it('knows that no verdict is before a score node', () => {
    const line: FlowNode[] = [{ id: 'score', type: 'goodparts-score', wires: [['kafka']] }, kafka]
    expect(routes({ id: 'start', type: 'function', wires: [['score']] }, ...line)[0]).toEqual(['start', false, true])
    expect(routes({ id: 'both', type: 'function', wires: [['score', 'kafka']] }, ...line)[0]).toEqual(['both', true, true])
  })

  it('leaves out what leads to no recorder', () => {
    expect(routes({ id: 'wait', type: 'delay', wires: [['mqtt']] }, { id: 'mqtt', type: 'mqtt out' }, kafka)).toEqual([['kafka', false, true]])
  })

  it('tells a node after which more happens than recording, however far away', () => {
    expect(routes({ id: 'wait', type: 'delay', wires: [['next', 'kafka']] }, { id: 'next', type: 'function', wires: [['ejector']] }, { id: 'ejector', type: 'modbus-write' }, kafka))
      .toEqual([['wait', true, false], ['kafka', false, true]])
    expect(routes({ id: 'wait', type: 'delay', wires: [['kafka', 'debug']] }, { id: 'debug', type: 'debug' }, kafka)[0]).toEqual(['wait', true, true])
  })

  it('ends on circles, and passes no disabled node', () => {
    expect(routes({ id: 'a', type: 'switch', wires: [['b']] }, { id: 'b', type: 'delay', wires: [['a'], ['kafka']] }, kafka).map(([id]) => id)).toEqual(['a', 'b', 'kafka'])
    expect(routes({ id: 'a', type: 'switch', wires: [['b']] }, { id: 'b', type: 'delay', wires: [['kafka']], d: true }, kafka).map(([id]) => id)).toEqual(['kafka'])
  })
})
