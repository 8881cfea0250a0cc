import { describe, expect, it } from 'vitest'
import { resultFiles } from '../../cli/commands/compare/result-files.ts'

describe('resultFiles', () => {
  it('leaves the files of one data set as they are', () => {
    expect(resultFiles(['boards'], { json: 'figures.json' })).toEqual([{ json: 'figures.json' }])
  })

  it('names those of several after the whole name of each', () => {
    expect(resultFiles(['sets/board.v1/', 'sets/board.v2', 'sets/tiles/dataset.csv', 'sets/dark.csv'], { json: 'out/figures.json', report: '-' })).toEqual([
      { json: 'out/figures-board.v1.json', report: '-' },
      { json: 'out/figures-board.v2.json', report: '-' },
      { json: 'out/figures-tiles.json', report: '-' },
      { json: 'out/figures-dark.json', report: '-' }
    ])
  })

  it('refuses data sets of one name, unless nothing is written', () => {
    expect(() => resultFiles(['lineA/tiles', 'plates', 'lineB/tiles'], { report: 'page.html' })).toThrow('got lineA/tiles and lineB/tiles, which are both called tiles')
    expect(resultFiles(['lineA/tiles', 'lineB/tiles'], { json: '-' })).toEqual([{ json: '-' }, { json: '-' }])
  })
})
