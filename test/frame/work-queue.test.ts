import { expect, test } from 'vitest'
import { WorkQueue } from '../../engine/frame/work-queue.ts'

function gate (): { opened: Promise<void>, open: () => void } {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => { open = resolve })
  return { opened, open }
}

test('runs one piece after the other, in order', async () => {
  const queue = new WorkQueue('test', 10)
  const log: string[] = []
  const first = gate()
  const piece = (name: string, wait?: Promise<void>) => async () => {
    log.push(`${name} begins`)
    await wait
    log.push(`${name} ends`)
  }

  const done = Promise.all([queue.run(piece('a', first.opened)), queue.run(piece('b'))])
  first.open()
  await done

  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('refuses what exceeds the capacity and takes work again when there is room', async () => {
  const queue = new WorkQueue('test', 1)
  const first = gate()
  const running = queue.run(async () => first.opened)

  await expect(queue.run(async () => Promise.resolve())).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
  expect(queue.ledger).toMatchObject({ in: 2, out: 0, dropped: { 'queue-full': 1 }, inFlight: 1 })
  first.open()
  await running

  await expect(queue.run(async () => Promise.resolve('done'))).resolves.toBe('done')
  expect(queue.ledger).toMatchObject({ in: 3, out: 2, inFlight: 0 })
})

test('goes on after a piece that failed', async () => {
  const queue = new WorkQueue('test', 2)

  const failing = queue.run(async () => Promise.reject(new Error('no')))
  const next = queue.run(async () => Promise.resolve('yes'))

  await expect(failing).rejects.toThrow('no')
  await expect(next).resolves.toBe('yes')
  expect(queue.ledger).toMatchObject({ in: 2, out: 1, dropped: { failed: 1 }, inFlight: 0 })
})

test('closing ends what was taken and refuses the rest', async () => {
  const queue = new WorkQueue('test', 2)
  const first = gate()
  const running = queue.run(async () => { await first.opened; return 'first' })
  const waiting = queue.run(async () => Promise.resolve('second'))

  const closing = queue.close()
  await expect(queue.run(async () => Promise.resolve())).rejects.toThrow('closed')
  first.open()
  await closing

  expect(queue.ledger).toMatchObject({ in: 3, out: 2, dropped: { closed: 1 }, inFlight: 0 })
  expect(await Promise.all([running, waiting])).toEqual(['first', 'second'])
})

test('runs the more urgent first, which take the places of the less urgent that wait', async () => {
  const queue = new WorkQueue('test', 3)
  const first = gate()
  const log: string[] = []
  const piece = (name: string) => async () => { log.push(name); return Promise.resolve(name) }

  const running = queue.run(async () => first.opened)
  const [early, late] = [queue.run(piece('early')), queue.run(piece('late'))]
  const urgent = queue.run(piece('urgent'), { urgency: 1 })
  await expect(late).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL', message: expect.stringContaining('more urgent') as unknown })
  const most = queue.run(piece('most urgent'), { urgency: 2 })
  await expect(early).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
  await expect(queue.run(piece('refused'))).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
  const alike = queue.run(piece('as urgent'), { urgency: 1 })
  await expect(queue.run(piece('refused'), { urgency: 1 })).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
  first.open()
  await Promise.all([running, most, urgent, alike])

  expect(log).toEqual(['most urgent', 'urgent', 'as urgent'])
  expect(queue.ledger).toMatchObject({ in: 8, out: 4, dropped: { displaced: 2, 'queue-full': 2 }, inFlight: 0 })
})

test('turns work away when it is full, and counts it only then', async () => {
  const queue = new WorkQueue('test', 1)
  const first = gate()
  expect(queue.turnAway()).toBe(false)
  const running = queue.run(async () => first.opened)

  expect([queue.turnAway(), queue.turnAway(1)]).toEqual([true, false])
  expect(queue.ledger).toMatchObject({ in: 2, out: 0, dropped: { 'queue-full': 1 }, inFlight: 1 })
  first.open()
  await running
  expect(queue.turnAway()).toBe(false)
  await queue.close()

  // What `run` says of that is not that it is full.
  expect(queue.turnAway()).toBe(false)
  expect(queue.ledger).toEqual({ hop: 'test', in: 2, out: 1, dropped: { 'queue-full': 1 }, inFlight: 0 })
})

test('a less urgent piece that runs is not in the way', async () => {
  const queue = new WorkQueue('test', 1)
  const first = gate()
  const running = queue.run(async () => first.opened)

  const urgent = queue.run(async () => Promise.resolve('done'), { urgency: 1 })
  await expect(queue.run(async () => Promise.resolve(), { urgency: 1 })).rejects.toMatchObject({ code: 'GOODPARTS_QUEUE_FULL' })
  first.open()
  await running

  expect(await urgent).toBe('done')
})

test('a piece that waits can be hurried by its name', async () => {
  const queue = new WorkQueue('test', 4)
  const first = gate()
  const log: string[] = []
  const piece = (name: string) => async () => { log.push(name); return Promise.resolve(name) }

  const running = queue.run(async () => first.opened, { name: 'runs' })
  const all = ['a', 'b', 'c'].map(async (name, urgency) => queue.run(piece(name), { name, urgency }))
  for (const name of ['a', 'runs', 'nobody']) queue.hurry(name, 3)
  queue.hurry('c', 1)
  first.open()
  await Promise.all([running, ...all])

  expect(log).toEqual(['a', 'c', 'b'])
})
