import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import capture from '../../../nodes/capture/goodparts-capture.ts'
import imageIn from '../../../nodes/image-in/goodparts-image-in.ts'
import score from '../../../nodes/score/goodparts-score.ts'
import { deploy, redeploy, startRuntime, stopRuntime, undeploy, untilStatus, warningsOf } from '../flow-runtime.ts'

const userDir = mkdtempSync(join(tmpdir(), 'goodparts-user-'))

const tab = { id: 'flow', type: 'tab' }
const camera = (id: string, changes: object): object => ({
  id,
  z: 'flow',
  type: 'goodparts-capture',
  name: '',
  source: '',
  pipeline: 'generated-line',
  parameters: {},
  width: '',
  height: '',
  channels: '1',
  maximumRate: '',
  cropLeft: '',
  cropTop: '',
  cropRight: '',
  cropBottom: '',
  policy: 'auto',
  triggered: false,
  watchdog: '5',
  endOfStream: 'auto',
  autostart: false,
  wires: [[], []],
  ...changes
})
const pictures = (id: string, source: string): object => ({ id, z: 'flow', type: 'goodparts-image-in', name: '', source, folder: '', colour: 'auto', capacity: '2', wires: [[]] })
const judge = (id: string, line: string, product = ''): object => ({ id, z: 'flow', type: 'goodparts-score', name: '', model: '', line, product, deadline: '1000', policy: 'newest', capacity: '4', batch: '1', wires: [[], [], [], []] })

const type = (id: string): string => ({ c: 'goodparts-capture', p: 'goodparts-image-in', j: 'goodparts-score' })[id[0] ?? ''] ?? ''

async function expectWarned (...ids: string[]): Promise<void> {
  for (const id of ids) {
    await untilStatus(id, (status) => typeof status === 'object' && status.text?.endsWith(` · ${type(id)}.status.sameName`) === true)
    expect(warningsOf(id)).toEqual([`${type(id)}.warning.sameName`])
  }
}

beforeAll(async () => { await startRuntime({ userDir }) })
afterAll(async () => {
  await stopRuntime()
  rmSync(userDir, { recursive: true, force: true })
})
afterEach(undeploy)

describe('a source', () => {
  it('that several nodes have is warned of at each, once, in yellow, until one gets another', async () => {
    const both = [tab, camera('c1', { source: 'dock' }), camera('c2', { name: 'dock' })]
    await deploy([capture, imageIn], both)
    await expectWarned('c1', 'c2')
    await redeploy([...both, camera('c3', { source: 'gate' })], 'nodes')
    expect(warningsOf('c1')).toHaveLength(1)
    expect(warningsOf('c3')).toEqual([])

    await redeploy([tab, camera('c1', { source: 'dock' }), camera('c2', { name: 'yard' })], 'nodes')
    expect(await untilStatus('c1', (status) => typeof status === 'object' && status.text === 'goodparts-capture.status.stopped')).toMatchObject({ fill: 'grey' })
    expect(warningsOf('c2')).toEqual([])
  })

  it('may not be that of a camera and of pictures from elsewhere', async () => {
    await deploy([capture, imageIn], [tab, camera('c1', { source: 'dock' }), pictures('p1', 'dock'), pictures('p2', ''), pictures('p3', '')])
    await expectWarned('c1')
    expect(warningsOf('p1')).toEqual(['goodparts-image-in.warning.sameName'])
    expect([...warningsOf('p2'), ...warningsOf('p3')]).toEqual([])
  })
})

describe('a line', () => {
  it('that two nodes judge is warned of, unless each judges a product of its own', async () => {
    await deploy([score], [tab, judge('j1', 'line-1'), judge('j2', 'line-1 '), judge('j3', 'line-1', 'cup'), judge('j4', 'line-1', 'lid'), judge('j5', 'line-2')])
    await expectWarned('j1', 'j2')
    for (const id of ['j3', 'j4', 'j5']) expect(warningsOf(id)).toEqual([])
  })
})
