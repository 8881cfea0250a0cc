import { createRequire } from 'node:module'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import type { NodeAPI } from 'node-red'
import model from '../../../nodes/model/goodparts-model.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import live from '../../../nodes/live/goodparts-live.ts'
import liveServer from '../../../nodes/live-server/goodparts-live-server.ts'
import { deploy, redeploy, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

const require = createRequire(import.meta.url)
const delay = require('@node-red/nodes/core/function/89-delay.js') as (RED: NodeAPI) => void
const { hooks, events } = require('@node-red/util') as { hooks: { has: (id: string) => boolean }, events: NodeAPI['events'] }

const heard = (): string[] => ['onSend', 'preRoute', 'preDeliver', 'postDeliver', 'onReceive', 'postReceive', 'onComplete'].filter((id) => hooks.has(id))

/** A delay before the score node, and one after it where that is asked for. */
function flow (after: 'live' | 'delay'): object[] {
  const wait = { type: 'delay', pauseType: 'delay', timeout: '1', timeoutUnits: 'seconds' }
  return [
    { id: 'flow', type: 'tab' },
    { id: 'before', ...wait, wires: [['score']] },
    { id: 'score', type: 'goodparts-score', name: '', model: '', line: 'line-1', product: '', deadline: '0', policy: 'every', capacity: '32', batch: '1', wires: [[after], [after], [after], [after]] },
    { id: 'delay', ...wait, wires: [['live']] },
    { id: 'live', type: 'goodparts-live', name: '', server: '', line: '', wires: [] }
  ].map((node) => node.type === 'tab' ? node : { ...node, z: 'flow', x: 0, y: 0 }).filter(({ id }) => id !== 'delay' || after === 'delay')
}

beforeAll(async () => { await startRuntime() })
afterEach(undeploy)
afterAll(stopRuntime)

it('looks at messages only while a node of another package lies between a verdict and what records it, and while a deploy stops nodes', async () => {
  const whileStopping: string[][] = []
  events.on('flows:stopping', () => { setImmediate(() => { whileStopping.push(heard()) }) })
  await deploy([delay, model, score, liveServer, live], flow('live'))
  expect(heard()).toEqual([])

  await redeploy(flow('delay'), 'full')
  expect(heard()).toEqual(['onReceive', 'onComplete'])

  await redeploy(flow('live'), 'full')
  expect(heard()).toEqual([])
  expect(whileStopping).toEqual([['preRoute'], ['preRoute', 'onReceive', 'onComplete']])
})
