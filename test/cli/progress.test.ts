import { describe, expect, it } from 'vitest'
import { Progress } from '../../cli/progress.ts'

function screen (isTTY: boolean): { written: string[], output: { write: (text: string) => void, isTTY: boolean, columns: number }, clock: { now: number } } {
  const written: string[] = []
  return { written, output: { write: (text) => { written.push(text) }, isTTY, columns: 60 }, clock: { now: 0 } }
}

describe('progress', () => {
  it('redraws one line on a terminal, ten times a second at most, and takes it away at the end', () => {
    const { written, output, clock } = screen(true)
    const progress = new Progress(output, () => clock.now)
    progress.update('scoring', 0, 8)
    clock.now = 50
    progress.update('scoring', 1, 8)
    clock.now = 4000
    progress.update('scoring', 4, 8, 'a note that is much too long for so narrow a terminal as this')
    progress.print('A line that stays')
    progress.clear()
    expect(written[1]).toHaveLength('\r\u001b[2K'.length + 59)
    expect(written).toEqual([
      '\r\u001b[2Kscoring  ░░░░░░░░░░░░░░░░░░░░ 0/8',
      '\r\u001b[2Kscoring  ██████████░░░░░░░░░░ 4/8  1.0/s  4 s left  a note ',
      '\r\u001b[2K',
      'A line that stays\n'
    ])
  })

  it('shows how far the whole is where it is known, and the stage beside it', () => {
    const { written, output, clock } = screen(true)
    const progress = new Progress({ ...output, columns: 100 }, () => clock.now)
    progress.update('learning: training', 312, 800, '', 0.439)
    expect(written).toEqual(['\r\u001b[2K█████████░░░░░░░░░░░ 43 %  learning: training  312/800'])
  })

  it('writes a line every five seconds elsewhere', () => {
    const { written, output, clock } = screen(false)
    const progress = new Progress(output, () => clock.now)
    for (let done = 0; done <= 24; done++) {
      clock.now = done * 500
      progress.update('frames', done, 0)
    }
    progress.clear()
    expect(written).toEqual(['frames  10  2.0/s\n', 'frames  20  2.0/s\n'])
  })
})
