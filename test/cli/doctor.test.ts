import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { canRun, formatChecks, missing, present, type Check } from '../../cli/doctor/check.ts'
import { checkNode, checkWritable } from '../../cli/doctor/programs.ts'
import { elementsOf } from '../../cli/doctor/native-parts.ts'
import { loadPipelines } from '../../engine/capture/pipelines.ts'

const run = promisify(execFile)
const command = join(import.meta.dirname, '..', '..', 'cli', 'goodparts.ts')

describe('doctor', () => {
  it('refuses a Node that is too old and accepts the oldest that works', () => {
    expect(checkNode('20.19.0').state).toBe('missing')
    expect(checkNode('22.12.0').state).toBe('missing')
    expect(checkNode('22.13.0').state).toBe('present')
    expect(checkNode('24.0.0').state).toBe('present')
  })

  it('says who must do what where it may not write', () => {
    const check = checkWritable('Folder', join(command, 'below-a-file'))

    expect(check).toMatchObject({ state: 'missing', fix: expect.stringContaining('below-a-file') as string })
  })

  it('lets the main job run without a choice, not without a need', () => {
    const choice = missing('aravissrc', 'absent', 'a choice', 'build it')
    const need = missing('appsink', 'absent', 'the main job', 'install it')

    expect(canRun([present('Node', '24', 'the main job'), choice])).toBe(true)
    expect(canRun([choice, need])).toBe(false)
    expect(formatChecks([choice, need])).toMatch(/absent .*\n.*fix: build it\nMISSING .*\n.*fix: install it/)
  })

  it('looks for every element that a shipped pipeline needs', () => {
    const elements = elementsOf(loadPipelines())

    for (const { requiredElements, usualElements = [] } of loadPipelines()) expect([...elements.keys()]).toEqual(expect.arrayContaining([...requiredElements, ...usualElements]))
    expect(elements.get('avdec_h264')).toEqual(['rtsp-camera', 'video-file'])
  })

  it('finds this machine able to run the main job, as JSON too', async () => {
    const { stdout } = await run(process.execPath, [command, 'doctor', '--json'])
    const report = JSON.parse(stdout) as { canRun: boolean, checks: Check[] }

    expect(report.canRun).toBe(true)
    expect(report.checks.map((check) => check.name)).toEqual(expect.arrayContaining(['Node', 'GStreamer binding', 'GStreamer appsink', 'ONNX Runtime cpu', 'ONNX Runtime webgpu', 'JPEG by libjpeg-turbo', 'Chromium']))
    for (const check of report.checks) if (check.state !== 'present') expect(check.fix, check.name).not.toBe('')
  })

  it('exits with 1 and names the fix when a plugin of the main job is gone', async () => {
    const failed = await run(process.execPath, [command, 'doctor'], { env: { ...process.env, GST_PLUGIN_SYSTEM_PATH: '/nowhere', GST_PLUGIN_PATH: '', GST_REGISTRY: '/nowhere/registry.bin' } })
      .then(() => undefined, (error: unknown) => error as { code: number, stdout: string })

    expect(failed?.code).toBe(1)
    expect(failed?.stdout).toMatch(/MISSING .*GStreamer appsink[^\n]*\n\s+fix: apt-get install/)
  })
})
