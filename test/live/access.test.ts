import { describe, expect, it } from 'vitest'
import { assertMayListen, isLoopback, mayAnswer, roleOf } from '../../engine/live/access.ts'
import { Tickets } from '../../engine/live/tickets.ts'

describe('where the server may listen', () => {
  it.each(['127.0.0.1', '127.8.0.1', 'localhost', '::1', '[::1]'])('lets %s be without token', (host) => {
    expect(() => { assertMayListen(host, {}, false) }).not.toThrow()
  })

  it.each(['0.0.0.0', '::', '192.168.1.4', 'factory.example', '127.0.0.1.example.com'])('refuses %s without token or TLS', (host) => {
    expect(() => { assertMayListen(host, { viewer: '' }, false) }).toThrow(expect.objectContaining({ code: 'GOODPARTS_FORBIDDEN' }) as Error)
    expect(() => { assertMayListen(host, { viewer: 'secret' }, false) }).not.toThrow()
    expect(() => { assertMayListen(host, {}, true) }).not.toThrow()
  })

  it('answers only names of this machine while nothing protects it', () => {
    expect(mayAnswer('localhost:8765', {}, '127.0.0.1')).toBe(true)
    expect(mayAnswer('[::1]:8765', {}, '::1')).toBe(true)
    expect(mayAnswer('evil.example:8765', {}, '127.0.0.1')).toBe(false)
    expect(mayAnswer(undefined, {}, '127.0.0.1')).toBe(false)
    expect(mayAnswer('line.example', { viewer: 'secret' }, '127.0.0.1')).toBe(true)
    expect(isLoopback('localhost.evil.example')).toBe(false)
  })
})

describe('roles', () => {
  const tokens = { viewer: 'see', engineer: 'do' }

  it('follow the token', () => {
    expect(roleOf('Bearer see', tokens, '0.0.0.0')).toBe('viewer')
    expect(roleOf('bearer do', tokens, '0.0.0.0')).toBe('engineer')
    expect(roleOf('Bearer other', tokens, '127.0.0.1')).toBeUndefined()
    expect(roleOf('Bearer ', tokens, '127.0.0.1')).toBeUndefined()
    expect(roleOf(undefined, tokens, '127.0.0.1')).toBeUndefined()
  })

  it('never come from an empty token', () => {
    expect(roleOf('Bearer x', { operator: '', viewer: 'see' }, '0.0.0.0')).toBeUndefined()
  })

  it('without any token are engineer at this machine and viewer from elsewhere', () => {
    expect(roleOf(undefined, {}, '127.0.0.1')).toBe('engineer')
    expect(roleOf(undefined, {}, '0.0.0.0')).toBe('viewer')
  })
})

describe('a ticket', () => {
  it('is good once', () => {
    const tickets = new Tickets()
    const { ticket } = tickets.issue('operator')
    expect(tickets.redeem(ticket)).toBe('operator')
    expect(tickets.redeem(ticket)).toBeUndefined()
    expect(tickets.redeem('another')).toBeUndefined()
  })

  it('is good for thirty seconds', () => {
    let now = 1e12
    const tickets = new Tickets(() => now)
    const [early, late] = [tickets.issue('viewer'), tickets.issue('viewer')]
    now += 29_999
    expect(tickets.redeem(early.ticket)).toBe('viewer')
    now += 2
    expect(tickets.redeem(late.ticket)).toBeUndefined()
  })

  it('is forgotten when a thousand newer ones are open', () => {
    const tickets = new Tickets()
    const first = tickets.issue('viewer')
    const others = Array.from({ length: 1000 }, () => tickets.issue('viewer'))
    expect(tickets.redeem(first.ticket)).toBeUndefined()
    expect(tickets.redeem(others.at(-1)?.ticket ?? '')).toBe('viewer')
  })
})
