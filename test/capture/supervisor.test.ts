import { spawn } from 'node:child_process'
import { unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { compilePipeline } from '../../engine/capture/compile.ts'
import { loadPipeline } from '../../engine/capture/pipelines.ts'
import { validate } from '../../engine/schema-validation.ts'
import { isAlive, makeVideo, temporaryFolder, untilGone, watch } from './watched-source.ts'

const live = { launch: 'videotestsrc is-live=true' }

describe('a source', () => {
  test('brings every frame of a stream, numbered, and accounts for each', async () => {
    const source = watch('custom', { launch: 'videotestsrc num-buffers=50' }, { width: 320, height: 240, policy: 'every' })
    const end = source.event('end-of-stream')
    source.supervisor.start()
    await end

    const numbers = source.frames.map(({ frame }) => frame.sequence)
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] ?? 0) + index))
    expect(source.frames).toHaveLength(50)
    expect(source.frames[0]?.frame.toJSON()).toMatchObject({ width: 320, height: 240, channels: 3 })
    expect(source.supervisor.ledger).toMatchObject({ in: 50, out: 50, dropped: {}, inFlight: 0 })
    expect(source.supervisor.state).toBe('stopped')
    for (const event of source.events) validate('capture-event', event)
    expect(source.events.map(({ kind }) => kind)).toEqual(['starting', 'running', 'end-of-stream'])
  })

  test.each([[1, 1], [3, 1], [321, 1], [321, 3], [322, 3], [323, 3]] as const)('gives rows without padding at a width of %i with %i channels', async (width, channels) => {
    const source = watch('custom', { launch: 'videotestsrc num-buffers=1 pattern=solid-color foreground-color=0xff204060' }, { width, height: 5, channels })
    const end = source.event('end-of-stream')
    source.supervisor.start()
    await end

    const pixels = source.frames[0]?.frame.pixels() ?? new Uint8Array()
    expect(pixels).toHaveLength(width * 5 * channels)
    const firstPixel = [...pixels.subarray(0, channels)]
    for (let at = 0; at < pixels.length; at += channels) expect([...pixels.subarray(at, at + channels)]).toEqual(firstPixel)
    if (channels === 3) firstPixel.forEach((value, index) => { expect(Math.abs(value - ([0x20, 0x40, 0x60][index] ?? 0))).toBeLessThanOrEqual(3) })
  })

  test('cuts off edges before it scales', async () => {
    const source = watch('custom', { launch: 'videotestsrc num-buffers=1 pattern=gradient ! video/x-raw,width=64,height=100' }, { channels: 1, crop: { left: 0, top: 50, right: 32, bottom: 0 } })
    const end = source.event('end-of-stream')
    source.supervisor.start()
    await end

    const frame = source.frames[0]?.frame
    expect(frame?.toJSON()).toMatchObject({ width: 32, height: 50 })
    expect(frame?.pixels()[0]).toBeGreaterThan(110)
  })

  test('keeps the aspect with one side given, and stretches with both', async () => {
    const wide = 'videotestsrc num-buffers=1 ! video/x-raw,width=400,height=100'
    for (const [output, size] of [[{ width: 200 }, [200, 50]], [{ width: 50, height: 50 }, [50, 50]]] as const) {
      const source = watch('custom', { launch: wide }, output)
      const end = source.event('end-of-stream')
      source.supervisor.start()
      await end
      const frame = source.frames[0]?.frame
      expect([frame?.width, frame?.height]).toEqual(size)
    }
  })

  test('limits the rate', async () => {
    const source = watch('custom', { launch: 'videotestsrc num-buffers=60 ! video/x-raw,framerate=30/1' }, { width: 32, maximumRate: 10, policy: 'every' })
    const end = source.event('end-of-stream')
    source.supervisor.start()
    await end

    expect(source.frames.length).toBeGreaterThanOrEqual(19)
    expect(source.frames.length).toBeLessThanOrEqual(21)
  })

  test('comes back with frames after its process was killed', async () => {
    const source = watch('custom', live, { width: 64 })
    source.supervisor.start()
    await source.more(3)
    const pid = source.supervisor.pid ?? 0
    const error = source.event('error')
    const running = source.event('running')

    process.kill(pid, 'SIGKILL')

    expect(await error).toMatchObject({ code: 'GOODPARTS_CAPTURE_FAILED', text: expect.stringContaining('SIGKILL') as unknown })
    await running
    await source.more(3)
    expect(source.supervisor.pid).not.toBe(pid)
    expect(source.supervisor.counters).toMatchObject({ restarts: 1, stalls: 0 })
    const { in: pulled, out, dropped, inFlight } = source.supervisor.ledger
    expect(pulled).toBe(out + Object.values(dropped).reduce((sum, count) => sum + count, 0) + inFlight)
  })

  test('notices a process that stands still, ends it and starts another', async () => {
    const source = watch('custom', live, { width: 64 }, { watchdogSeconds: 1 })
    source.supervisor.start()
    await source.more(3)
    const pid = source.supervisor.pid ?? 0
    const stalled = source.event('stalled')

    process.kill(pid, 'SIGSTOP')

    expect(await stalled).toMatchObject({ code: 'GOODPARTS_CAPTURE_STALLED' })
    await source.more(3)
    expect(source.supervisor.counters).toMatchObject({ restarts: 1, stalls: 1 })
    await untilGone(pid)
  })

  test('leaves no process behind when stopped, even one that ignores SIGTERM', async () => {
    const source = watch('custom', live, { width: 64 })
    source.supervisor.start()
    await source.more(1)
    const pid = source.supervisor.pid ?? 0
    process.kill(pid, 'SIGSTOP')

    await source.supervisor.stop()

    expect(isAlive(pid)).toBe(false)
    expect(source.supervisor.state).toBe('stopped')
  })

  test('leaves no process behind when its own process is killed', async () => {
    const parent = spawn(process.execPath, [fileURLToPath(new URL('./parent-of-a-source.ts', import.meta.url))], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = await new Promise<string[]>((resolve) => { createInterface(parent.stdout).once('line', (text) => { resolve([text]) }) })
    const pid = Number(line)
    expect(isAlive(pid)).toBe(true)

    parent.kill('SIGKILL')

    await untilGone(pid)
  })

  test('says what went wrong, and stays down where trying again cannot help', async () => {
    const source = watch('custom', { launch: 'videotestsrc no-such-property=1' })
    const failed = source.event('error')
    source.supervisor.start()

    expect(await failed).toMatchObject({ code: 'GOODPARTS_PIPELINE_INVALID', text: expect.stringContaining('no-such-property') as unknown })
    expect(source.supervisor.state).toBe('failed')
    expect(source.supervisor.counters.restarts).toBe(0)
  })

  test('names the element that is missing and where to get it', async () => {
    const plan = compilePipeline(loadPipeline('custom'), { launch: 'not-there-src' }, {}, { allowElements: ['not-there-src'] })
    const source = watch('custom', live, {}, { plan })
    const failed = source.event('error')
    source.supervisor.start()

    expect(await failed).toMatchObject({ code: 'GOODPARTS_PIPELINE_ELEMENT_MISSING', text: expect.stringContaining('no element "not-there-src"') as unknown, fix: expect.stringContaining('apt-file') as unknown })
  })
})

describe('at the end of the stream', () => {
  test('loops a video without losing a frame', async () => {
    const file = join(await temporaryFolder(), 'line.avi')
    await makeVideo(file, 10)
    const source = watch('video-file', { file }, { pace: 'free' }, { endOfStream: 'loop' })
    source.supervisor.start()

    await source.more(30)

    const looped = source.events.filter(({ kind }) => kind === 'looped')
    expect(looped.length).toBeGreaterThanOrEqual(2)
    expect(looped[0]?.counters.frames).toBe(10)
    expect(looped[1]?.counters.frames).toBe(20)
  })

  test('holds the last frame and gives it again when triggered', async () => {
    const source = watch('custom', { launch: 'videotestsrc num-buffers=3' }, { width: 64 }, { endOfStream: 'hold' })
    const end = source.event('end-of-stream')
    source.supervisor.start()
    await end
    expect(source.supervisor.state).toBe('held')
    expect(source.supervisor.pid).toBeUndefined()

    source.supervisor.trigger({ partId: 'again' })

    const [last, again] = source.frames.slice(-2)
    expect(again?.notes.partId).toBe('again')
    expect(again?.frame.id).not.toBe(last?.frame.id)
    expect(again?.frame.pixels()).toEqual(last?.frame.pixels())
  })

  test('tells that a looping video was deleted, and goes on when it is back', async () => {
    const file = join(await temporaryFolder(), 'line.avi')
    await makeVideo(file, 10)
    const source = watch('video-file', { file }, { pace: 'free' }, { endOfStream: 'loop' })
    source.supervisor.start()
    await source.more(5)
    const error = source.event('error')

    await unlink(file)

    expect(await error).toMatchObject({ code: 'GOODPARTS_CAPTURE_FAILED', text: expect.stringContaining(file) as unknown })
    const running = source.event('running')
    await makeVideo(file, 10)
    await running
    await source.more(5)
  })

  test('tells that there was no picture at all', async () => {
    const source = watch('custom', { launch: 'videotestsrc num-buffers=0' }, {}, { restart: false })
    const error = source.event('error')
    source.supervisor.start()
    expect((await error).text).toContain('at least one picture')
  })
})

describe('a property changed without a process', () => {
  test('is refused when the source is stopped', () => {
    const source = watch('custom', live, { width: 64 })
    expect(() => { source.supervisor.setProperty('src', 'pattern', 'snow') }).toThrow('got one that is stopped')
  })
})

describe('on trigger', () => {
  test('a source that can wait gives the next picture each time and loses none', async () => {
    const source = watch('generated-line', { width: 64, height: 64, learn: 0, defectShare: 0, rate: 1000, count: 5 }, { triggered: true }, { endOfStream: 'stop' })
    const running = source.event('running')
    source.supervisor.start()
    await running
    expect(source.frames).toHaveLength(0)

    for (let part = 0; part < 5; part++) {
      const next = source.more(1)
      source.supervisor.trigger()
      await next
    }

    expect(source.frames.map(({ notes }) => notes.partId)).toEqual(['000000-good', '000001-good', '000002-good', '000003-good', '000004-good'])
  })

  test('a trigger while the process starts gets its own picture', async () => {
    const source = watch('custom', { launch: 'videotestsrc is-live=true' }, { width: 64, triggered: true })
    const starting = source.event('starting')
    source.supervisor.start()
    await starting
    await expect.poll(() => source.supervisor.pid).toBeDefined()
    for (const partId of ['A', 'B']) source.supervisor.trigger({ partId })
    await source.more(2)
    source.supervisor.trigger({ partId: 'C' })
    await source.more(1)

    expect(source.frames.map(({ notes }) => notes.partId)).toEqual(['A', 'B', 'C'])
  })

  test('says how many triggers were left without a picture when the process ends', async () => {
    const source = watch('generated-line', { width: 64, height: 64, learn: 0, defectShare: 0, rate: 1000, count: 1 }, { triggered: true }, { endOfStream: 'stop' })
    const running = source.event('running')
    const warning = source.event('warning')
    source.supervisor.start()
    await running

    for (let part = 0; part < 3; part++) source.supervisor.trigger()

    expect((await warning).text).toContain('got none for 2')
  })

  test('refuses a trigger where every picture is sent anyway', async () => {
    const source = watch('custom', live, { width: 64 })
    source.supervisor.start()
    await source.more(1)
    expect(() => { source.supervisor.trigger() }).toThrow('sends every picture')
  })
})
