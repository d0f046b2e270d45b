// The chat's WebSocket: says hello with the last sequence number seen, pings, and comes back with growing pauses.
const PING = 25_000
const SILENCE = 60_000
const LONGEST = 15_000

export class Connection {
  constructor({ home, hello, receive, online, offline }) {
    Object.assign(this, { hello, receive, online, offline, attempt: 0, socket: null })
    this.url = `${home.replace(/^http/, 'ws')}/ws/chat`
    addEventListener('online', () => this.now())
    addEventListener('offline', () => this.drop())
    document.addEventListener('visibilitychange', () => { if (!document.hidden) this.now() })
    setInterval(() => this.beat(), PING)
    this.open()
  }

  open() {
    clearTimeout(this.timer)
    const socket = this.socket = new WebSocket(this.url)
    this.heard = Date.now()
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', ...this.hello() }))
    socket.onmessage = (event) => {
      if (this.socket !== socket) return
      this.heard = Date.now()
      const frame = JSON.parse(event.data)
      this.receive(frame)
      if (frame.type === 'welcome') { this.attempt = 0; this.ready = true; this.online() }
    }
    socket.onclose = () => { if (this.socket === socket) this.lost() }
  }

  lost() {
    this.ready = false
    this.socket = null
    this.offline()
    const pause = Math.min(LONGEST, 500 * 2 ** this.attempt++) * (0.7 + Math.random() * 0.6)
    this.timer = setTimeout(() => this.open(), pause)
  }

  // The device says it has no network, or nothing was heard: the old socket may hang for minutes, so it is let go.
  drop() {
    const dead = this.socket
    if (!dead) return
    this.lost()
    dead.close()
  }

  now() { if (!this.socket) this.open() }

  beat() {
    if (this.socket && Date.now() - this.heard > SILENCE) this.drop()
    else this.send({ type: 'ping' })
  }

  send(frame) {
    if (!this.ready || this.socket?.readyState !== WebSocket.OPEN) return false
    this.socket.send(JSON.stringify(frame))
    return true
  }
}
