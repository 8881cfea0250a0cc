import { expect, it } from 'vitest'
import { ProcessorShare } from '../../engine/runtime/processor-share.ts'

/** Work that ends when told to. */
function job (share: ProcessorShare, cores: number, name: string, log: string[]): { end: () => void, done: Promise<void> } {
  let end = (): void => {}
  const ended = new Promise<void>((resolve) => { end = resolve })
  const done = share.run(cores, async () => {
    log.push(`+${name}`)
    await ended
    log.push(`-${name}`)
  })
  return { end, done }
}

it('runs no more than the cores hold, in the order of asking', async () => {
  const log: string[] = []
  const share = new ProcessorShare(2)
  const [a, b, wide, c] = [job(share, 1, 'a', log), job(share, 1, 'b', log), job(share, 2, 'wide', log), job(share, 1, 'c', log)]
  await Promise.resolve()
  expect(log).toEqual(['+a', '+b'])
  a.end()
  await a.done
  expect(log).toEqual(['+a', '+b', '-a'])
  b.end()
  wide.end()
  c.end()
  await Promise.all([b.done, wide.done, c.done])
  expect(log).toEqual(['+a', '+b', '-a', '-b', '+wide', '-wide', '+c', '-c'])
})

it('runs what asks for more cores than there are, alone', async () => {
  expect(await new ProcessorShare(2).run(16, () => Promise.resolve('done'))).toBe('done')
})

it('gives the cores back when work fails', async () => {
  const share = new ProcessorShare(1)
  await expect(share.run(1, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await share.run(1, () => Promise.resolve('next'))).toBe('next')
})

it('tells when verdicts have half of the cores or more, once for each change', async () => {
  const share = new ProcessorShare(4)
  const heard: boolean[] = []
  const unwatch = share.watch((busy) => { heard.push(busy) })
  const log: string[] = []
  const [a, b, c] = [job(share, 1, 'a', log), job(share, 1, 'b', log), job(share, 1, 'c', log)]
  await Promise.resolve()
  expect(heard).toEqual([false, true])
  c.end()
  await c.done
  expect(share.busy).toBe(true)
  a.end()
  await a.done
  expect(heard).toEqual([false, true, false])
  unwatch()
  const wide = job(share, 4, 'wide', log)
  b.end()
  wide.end()
  await Promise.all([b.done, wide.done])
  expect(heard).toEqual([false, true, false])
})

it('is not busy with what computes elsewhere', async () => {
  const share = new ProcessorShare(2)
  await share.run(2, () => {
    expect(share.busy).toBe(false)
    return Promise.resolve()
  }, { elsewhere: true })
})
