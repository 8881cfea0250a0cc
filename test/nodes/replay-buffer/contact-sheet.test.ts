/** The contact sheet's routes where nobody logs in; with users and their permissions: test/editor/contact-sheet.test.ts. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { saveBundle } from '../../../engine/bundle/bundle.ts'
import { auditPath } from '../../../engine/store/audit-log.ts'
import model from '../../../nodes/model/goodparts-model.ts'
import replayBuffer from '../../../nodes/replay-buffer/goodparts-replay-buffer.ts'
import type { LearningSheet } from '../../../schemas/learning.ts'
import { openFilledReplay } from '../../continual/filled-replay.ts'
import { brightnessBundle } from '../../runtime/brightness-bundle.ts'
import { readAudit } from '../../store/read-audit.ts'
import { askEditorRoute, deploy, getFromEditorRoute, startRuntime, stopRuntime, undeploy } from '../flow-runtime.ts'

const nodes = [model, replayBuffer]
let userDir: string

const buffer = { z: 'flow', x: 100, y: 100, type: 'goodparts-replay-buffer', name: '', model: 'model', server: '', line: 'line-1', product: '', policy: 'snnl-preserving', memory: '60', bytes: '100', mode: 'extend', updateAfter: '0', interval: '', driftRate: '1000', seed: '1', wires: [[], [], []] }
const flow: object[] = [
  { id: 'flow', type: 'tab' },
  { id: 'model', type: 'goodparts-model', name: '', bundle: 'line', device: 'cpu', workers: '1', reviewRate: '10', rejectRate: '2' },
  { ...buffer, id: 'buffer' },
  { ...buffer, id: 'without-model', model: '' }
]

beforeAll(async () => {
  userDir = mkdtempSync(join(tmpdir(), 'goodparts-contact-sheet-'))
  process.env.XDG_CACHE_HOME = join(userDir, 'cache')
  await startRuntime({ userDir })
}, 60_000)
beforeEach(async () => {
  await undeploy()
  rmSync(join(userDir, 'goodparts'), { recursive: true, force: true })
  await saveBundle(join(userDir, 'goodparts', 'bundles', 'line.onnx'), await brightnessBundle())
  await (await openFilledReplay(join(userDir, 'goodparts', 'replay', 'buffer'))).close()
  await deploy(nodes, flow)
}, 60_000)
afterAll(async () => {
  await undeploy()
  await stopRuntime()
  rmSync(userDir, { recursive: true })
})

const route = (path: string, id = 'buffer'): string => `/goodparts/replay-buffer/${id}/${path}`
const sheet = async (): Promise<LearningSheet> => {
  // The last update is read after the start.
  await expect.poll(async () => ((await getFromEditorRoute(route('exemplars'))).body as LearningSheet).memory.length, { timeout: 30_000 }).toBe(3)
  return (await getFromEditorRoute(route('exemplars'))).body as LearningSheet
}
const relabel = (label: string, product = 'plate'): { body: object } => ({ body: { schema: 'goodparts.live/1', kind: 'relabel', product, label } })
/** There is no log before the first entry. */
const entered = (): object[] => !existsSync(auditPath(userDir)) ? [] : readAudit(auditPath(userDir)).filter(({ kind }) => kind.startsWith('exemplar-')).map(({ who, line, kind, details }) => ({ who, line, kind, details }))

describe('the contact sheet of a replay buffer in the editor', () => {
  it('takes other labels, lets pictures go, and enters both for the editor', async () => {
    const before = await sheet()
    const [first, asked] = [before.memory[0]!, before.relabel[0]!]
    expect((await askEditorRoute('put', route(`picture/${first.sha256}/label`), relabel(' 흠집 '))).status).toBe(204)
    expect((await askEditorRoute('delete', route(`picture/${asked.sha256}`))).status).toBe(204)
    const after = await sheet()
    expect(after.waiting).toMatchObject([{ sha256: first.sha256, label: 'plate/흠집' }])
    expect(after.relabel).toEqual([])
    expect(after.state.defects).toEqual(['scratch', '흠집'])
    expect(entered()).toEqual([
      { who: 'editor', line: 'line-1', kind: 'exemplar-relabelled', details: { sha256: first.sha256, product: 'plate', label: '흠집' } },
      { who: 'editor', line: 'line-1', kind: 'exemplar-removed', details: { sha256: asked.sha256 } }
    ])
    expect(await askEditorRoute('delete', route(`picture/${asked.sha256}`))).toMatchObject({ status: 404, body: { code: 'GOODPARTS_PART_GONE', fix: 'Look at the memory again' } })
  })

  it('refuses what no label is, what another site asks and pictures that are not there; nothing of it is entered', async () => {
    const first = (await sheet()).memory[0]!
    const path = route(`picture/${first.sha256}/label`)
    for (const wrong of ['remove', 'a/b', 'x'.repeat(61), '  ']) {
      expect(await askEditorRoute('put', path, relabel(wrong))).toMatchObject({ status: 400, body: { code: 'GOODPARTS_SCHEMA_INVALID', message: expect.stringContaining('Expected the type of a defect, or good') as string, fix: expect.stringContaining('at most 60 letters') as string } })
    }
    expect((await askEditorRoute('put', path, relabel('good', '../..'))).status).toBe(400)
    expect((await askEditorRoute('put', path, { body: { label: 'good' } })).status).toBe(400)
    expect((await askEditorRoute('put', path)).status).toBe(400)
    const headers = { 'Sec-Fetch-Site': 'cross-site' }
    expect(await askEditorRoute('put', path, { ...relabel('good'), headers })).toMatchObject({ status: 403, body: { code: 'GOODPARTS_FORBIDDEN', fix: 'Open the editor and do it there' } })
    expect((await askEditorRoute('delete', route(`picture/${first.sha256}`), { headers })).status).toBe(403)
    expect((await askEditorRoute('put', route(`picture/${'0'.repeat(64)}/label`), relabel('good'))).status).toBe(404)
    expect((await askEditorRoute('put', route('picture/..%2Fline/label'), relabel('good'))).status).toBe(404)
    expect(entered()).toEqual([])
    expect((await sheet()).waiting).toHaveLength(1)
  })

  it('says of a node that is not deployed, and of one that cannot run, which it is and what to do', async () => {
    const paths = ['exemplars', 'exemplars.csv', 'exemplars.tar', `picture/${'0'.repeat(64)}`]
    for (const path of paths) {
      expect(await getFromEditorRoute(route(path, 'model'))).toMatchObject({ status: 404, body: { code: 'GOODPARTS_ARGUMENT', message: 'Expected "model" to be a replay buffer that is deployed and enabled, got none', fix: 'Deploy the flow' } })
      expect(await getFromEditorRoute(route(path, 'without-model'))).toMatchObject({ status: 503, body: { code: 'GOODPARTS_CLOSED', fix: expect.stringContaining('status') as string } })
    }
    expect((await askEditorRoute('delete', route(`picture/${'0'.repeat(64)}`, 'elsewhere'))).status).toBe(404)
  })
})
