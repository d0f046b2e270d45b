// One talk (对话), on the page or in the widget: sequence numbers order the log, ids tell which of our own words arrived.
import { Connection } from './connection.js'
import { Outbox } from './outbox.js'
import { Tray } from './uploads.js'

const TROUBLE = 8000
const WRITES = 3000

export class Talk {
  // `parts` are the elements of the window; `heard(message)` is told of every new message of somebody else.
  constructor({ parts, view, keep, zone, session = () => undefined, headers, heard = () => {} }) {
    Object.assign(this, { parts, view, session, heard, pending: new Map(), drawn: new Map() })
    Object.assign(this, { outbox: new Outbox(keep), conversation: null, last: 0, speaker: 'bot', offering: false, wrote: 0 })
    this.tray = new Tray({
      box: parts.tray, input: parts.files, zone, view, headers,
      say: (words) => this.trouble({ text: words }), changed: () => this.follow(),
    })
    this.stayAtEnd()
    this.listen()
    for (const message of this.outbox.waiting) this.draw(message)
    this.offer(view.first)
  }

  connect() {
    this.connection ??= new Connection({
      home: this.view.home || location.origin,
      hello: () => ({ after: this.last, conversation: this.conversation, session: this.session() }),
      receive: (frame) => this.handle(frame),
      online: () => this.online(),
      offline: () => this.offline(),
    })
  }

  // The log stays at its end until the citizen scrolls up; a message taller than the log is shown from its top.
  stayAtEnd() {
    const { log } = this.parts
    this.atEnd = true
    log.addEventListener('scroll', () => { this.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40 })
    log.addEventListener('load', () => this.follow(), true) // a picture takes its place later
    new ResizeObserver(() => this.follow()).observe(log)
  }

  follow(always) {
    const { log } = this.parts
    const newest = log.lastElementChild
    if ((!this.atEnd && !always) || !newest) return
    log.scrollTop = newest.offsetHeight > log.clientHeight ? newest.offsetTop - 8 : log.scrollHeight
  }

  listen() {
    const { form, field, attach, files } = this.parts
    attach.addEventListener('click', () => files.click())
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      if (this.tray.busy) { this.trouble({ text: this.view.word('file.busy') }); return }
      this.say(field.value, this.tray.empty())
      field.value = ''
      field.focus()
    })
    field.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit() }
    })
    field.addEventListener('input', () => {
      if (this.speaker !== 'operator' || Date.now() - this.wrote < WRITES) return
      this.wrote = Date.now()
      this.connection.send({ type: 'typing' })
    })
  }

  say(text, files = []) {
    const words = text.trim()
    if (!words && !files.length) return
    const message = this.outbox.add(words, files)
    this.draw(message)
    this.offer([])
    this.send(message)
  }

  send({ id, text, attachments }) {
    this.connection?.send({ type: 'say', id, text, ...(attachments ? { attachments } : {}) })
  }

  draw(message) {
    const shown = { author: 'citizen', text: message.text || this.view.word('file.wordless'), attachments: message.files }
    const box = this.view.bubble(shown, this.connection?.ready ? 'sending' : 'unsent')
    this.pending.set(message.id, box)
    this.parts.log.append(box)
    this.follow(true)
  }

  offer(list) { this.view.choices(this.parts.quick, list, (says) => this.say(says)) }

  handle(frame) {
    if (frame.type === 'welcome') this.welcome(frame)
    else if (frame.type === 'message') this.arrived(frame)
    else if (frame.type === 'typing') this.typing(frame.on)
    else if (frame.type === 'owner') this.owner(frame.owner)
    else if (frame.type === 'queue') this.queue(frame)
    else if (frame.type === 'error') this.trouble(frame)
  }

  // What was said before is put in place without being read out again.
  welcome(frame) {
    if (frame.conversation !== this.conversation) {
      if (this.conversation) this.restart()
      this.conversation = frame.conversation
    }
    this.parts.log.setAttribute('aria-busy', 'true')
    for (const message of frame.messages) this.arrived(message)
    this.owner(frame.owner)
    requestAnimationFrame(() => this.parts.log.removeAttribute('aria-busy'))
  }

  restart() {
    for (const box of this.drawn.values()) box.remove()
    this.drawn.clear()
    this.last = 0
  }

  arrived(message) {
    const own = this.pending.get(message.id)
    if (own) this.pending.delete(message.id)
    if (message.id) this.outbox.done(message.id)
    if (this.drawn.has(message.seq)) { own?.remove(); return }
    this.last = Math.max(this.last, message.seq)
    this.thumbs?.remove()
    const kept = own && !message.attachments?.length ? own : this.view.bubble(message)
    if (own && kept !== own) own.remove()
    if (kept === own) this.view.mark(own)
    if (message.author !== 'citizen') this.heardFrom(message, kept)
    this.place(kept, message.seq)
  }

  heardFrom(message, box) {
    this.typing(false)
    const offered = message.reply?.choices ?? []
    const others = offered.filter((one) => !this.view.verdicts.includes(one.says))
    this.offering = others.length > 0
    this.offer(offered.length || message.author !== 'bot' ? others : this.view.first)
    if (others.length < offered.length) box.append(this.thumbs = this.view.thumbs((says) => this.say(says)))
    this.heard(message)
  }

  place(box, seq) {
    const next = [...this.drawn].filter(([other]) => other > seq).sort((a, b) => a[0] - b[0])[0]?.[1]
    const before = next ?? this.pending.values().next().value ?? null
    if (!box.isConnected || box.nextElementSibling !== before) this.parts.log.insertBefore(box, before)
    this.drawn.set(seq, box)
    this.follow()
  }

  typing(on) {
    this.parts.typing.textContent = on ? this.view.word(this.speaker === 'operator' ? 'typing_operator' : 'typing') : ''
    this.parts.typing.hidden = !on
  }

  owner(name) {
    const bar = this.parts.owner
    bar.hidden = name === 'bot'
    bar.classList.toggle('person', name === 'operator')
    bar.textContent = this.view.word(`owner.${name}`)
    if (name === 'operator' || (name === 'queue' && !this.offering)) this.offer([])
    this.speaker = name
    this.follow()
  }

  queue(frame) {
    if (this.speaker !== 'queue') return
    const minutes = frame.wait === null ? 0 : Math.max(1, Math.ceil(frame.wait / 60))
    const blanks = { position: frame.position, minutes }
    this.parts.owner.textContent = this.view.word(minutes ? 'queue' : 'queue_nobody', blanks)
  }

  trouble(frame) {
    const box = this.parts.trouble
    box.textContent = frame.text
    box.hidden = false
    setTimeout(() => { box.hidden = true }, TROUBLE)
    if (!frame.id || frame.retry) return
    if (this.pending.has(frame.id)) this.view.mark(this.pending.get(frame.id), 'refused')
    this.pending.delete(frame.id)
    this.outbox.done(frame.id)
  }

  online() {
    this.parts.offline.hidden = true
    for (const message of this.outbox.waiting) {
      if (this.pending.has(message.id)) this.view.mark(this.pending.get(message.id), 'sending')
      this.send(message)
    }
  }

  offline() {
    this.parts.offline.hidden = false
    this.typing(false)
    for (const box of this.pending.values()) this.view.mark(box, 'unsent')
  }
}
