// The web chat (在线诉求). Sequence numbers order the log; ids tell which of our own words have arrived.
import { Connection } from './connection.js'
import { elderSwitch } from './elder.js'
import { Outbox } from './outbox.js'
import { Tray } from './uploads.js'
import { bubble, choices, mark, word } from './view.js'

const log = document.querySelector('#log')
const form = document.querySelector('form')
const field = form.elements.text
const quick = document.querySelector('.quick')
const firstChoices = [...quick.querySelectorAll('button')].map((b) => ({ label: b.textContent, says: b.dataset.says }))
const outbox = new Outbox()
const pending = new Map() // our id → the bubble that waits for its sequence number
const drawn = new Map() // sequence number → bubble
let connection = null
let conversation = null
let last = 0
let speaker = 'bot'
let offering = false // whether the last message offers choices
let wrote = 0

// The log stays at its end until the citizen scrolls up; a message taller than the log is shown from its top.
let atEnd = true
log.addEventListener('scroll', () => { atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40 })

function follow(always) {
  if (!atEnd && !always) return
  const newest = log.lastElementChild
  log.scrollTop = newest.offsetHeight > log.clientHeight ? newest.offsetTop - 8 : log.scrollHeight
}
new ResizeObserver(() => follow()).observe(log)

function place(box, seq) {
  const next = [...drawn].filter(([other]) => other > seq).sort((a, b) => a[0] - b[0])[0]?.[1]
  log.insertBefore(box, next ?? pending.values().next().value ?? null)
  drawn.set(seq, box)
  follow()
}

function arrived(message) {
  if (message.id && pending.has(message.id)) {
    pending.get(message.id).remove()
    pending.delete(message.id)
  }
  if (message.id) outbox.done(message.id)
  if (drawn.has(message.seq)) return
  last = Math.max(last, message.seq)
  if (message.author !== 'citizen') {
    document.querySelector('.typing').hidden = true
    const offered = message.reply?.choices ?? []
    offering = offered.length > 0
    choices(quick, offered.length || message.author !== 'bot' ? offered : firstChoices, say)
  }
  place(bubble(message), message.seq)
}

function draw(message) {
  const shown = { author: 'citizen', text: message.text || word('files'), attachments: message.files }
  const box = bubble(shown, connection?.ready ? 'sending' : 'unsent')
  pending.set(message.id, box)
  log.append(box)
  follow(true)
}

function say(text, files = []) {
  const words = text.trim()
  if (!words && !files.length) return
  const message = outbox.add(words, files)
  draw(message)
  choices(quick, [], say)
  send(message)
}

function send({ id, text, attachments }) { connection?.send({ type: 'say', id, text, ...(attachments ? { attachments } : {}) }) }

function restart() {
  for (const box of drawn.values()) box.remove()
  drawn.clear()
  last = 0
}

function owner(name) {
  const bar = document.querySelector('#owner')
  bar.hidden = name === 'bot'
  bar.classList.toggle('person', name === 'operator')
  bar.textContent = name === 'bot' ? '' : word(`owner-${name}`)
  if (name === 'operator' || (name === 'queue' && !offering)) choices(quick, [], say)
  speaker = name
  follow()
}

function queue(frame) {
  if (speaker !== 'queue') return
  const minutes = frame.wait === null ? '' : String(Math.max(1, Math.ceil(frame.wait / 60)))
  document.querySelector('#owner').textContent = word(minutes ? 'queue' : 'queue-nobody').replace('{position}', frame.position).replace('{minutes}', minutes)
}

function welcome(frame) {
  if (frame.conversation !== conversation) {
    if (conversation) restart()
    conversation = frame.conversation
  }
  frame.messages.forEach(arrived)
  owner(frame.owner)
}

function trouble(frame) {
  const box = document.querySelector('#trouble')
  box.textContent = frame.text
  box.hidden = false
  setTimeout(() => { box.hidden = true }, 8000)
  if (frame.id && !frame.retry) {
    if (pending.has(frame.id)) mark(pending.get(frame.id), 'refused')
    pending.delete(frame.id)
    outbox.done(frame.id)
  }
}

const handlers = {
  welcome,
  message: arrived,
  typing: (frame) => { document.querySelector('.typing').hidden = !frame.on },
  owner: (frame) => owner(frame.owner),
  queue,
  error: trouble,
}

for (const message of outbox.waiting) draw(message)
choices(quick, firstChoices, say)

connection = new Connection({
  hello: () => ({ after: last, conversation }),
  receive: (frame) => handlers[frame.type]?.(frame),
  online: () => {
    document.querySelector('#offline').hidden = true
    for (const message of outbox.waiting) {
      if (pending.has(message.id)) mark(pending.get(message.id), 'sending')
      send(message)
    }
  },
  offline: () => {
    document.querySelector('#offline').hidden = false
    document.querySelector('.typing').hidden = true
    for (const box of pending.values()) mark(box, 'unsent')
  },
})

const tray = new Tray(document.querySelector('#tray'), document.querySelector('#files-input'), () => follow())
document.querySelector('#attach').addEventListener('click', () => document.querySelector('#files-input').click())

form.addEventListener('submit', (event) => {
  event.preventDefault()
  if (tray.busy) { tray.say(word('still-uploading')); return }
  say(field.value, tray.empty())
  field.value = ''
  field.focus()
})
field.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit() }
})
field.addEventListener('input', () => {
  if (speaker !== 'operator' || Date.now() - wrote < 3000) return
  wrote = Date.now()
  connection.send({ type: 'typing' })
})
elderSwitch(document.querySelector('#big'), () => follow(true))
