import { describe, expect, it } from 'vitest'
import { readMethods } from '../../cli/commands/evaluate/explanations.ts'
import { deviceName, deviceRequest, readOverlap, readSeeds, readSetting, readTiles } from '../../cli/option-values.ts'

describe('values of options', () => {
  it('are what was written', () => {
    expect([readOverlap('0'), readOverlap('0.5'), readTiles('auto'), readTiles('3x2'), readSeeds('0, 7'), deviceName('webgpu'), deviceRequest('auto')]).toEqual([0, 0.5, 'auto', '3x2', [0, 7], 'webgpu', 'auto'])
    expect(['size=64', 'name=a=b', 'families=["density"]'].reduce<ReturnType<typeof readSetting>>((earlier, text) => readSetting(text, earlier), {})).toEqual({ size: 64, name: 'a=b', families: ['density'] })
  })

  it.each<[string, () => unknown, RegExp]>([
    ['--overlap banana', () => readOverlap('banana'), /from 0 to 0\.5, got banana$/],
    ['--overlap 0.9', () => readOverlap('0.9'), /from 0 to 0\.5, got 0\.9$/],
    ['--tiles x', () => readTiles('x'), /auto, or columns and rows, each from 1 to 8, got x$/],
    ['--tiles 9x1', () => readTiles('9x1'), /each from 1 to 8, got 9x1$/],
    ['--set foo', () => readSetting('foo', {}), /name=value, got foo$/],
    ['--set =4', () => readSetting('=4', {}), /name=value, got =4$/],
    ['--seeds a', () => readSeeds('a'), /whole numbers from 0 with commas between, got a$/],
    ['--seeds 1,', () => readSeeds('1,'), /got 1,$/],
    ['--device gpu', () => deviceRequest('gpu'), /one of auto, cpu, cuda, tensorrt, webgpu, got gpu$/],
    ['--methods nope', () => readMethods('nope'), /one of anomaly-map, grad-cam, .*, got 'nope'$/]
  ])('%s: says what is allowed, and gives an example', (_, read, message) => {
    expect(read).toThrow(expect.objectContaining({ code: 'GOODPARTS_ARGUMENT', message: expect.stringMatching(message) as string, fix: expect.stringMatching(/example/) as string }) as Error)
  })
})
