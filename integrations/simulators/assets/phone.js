// The page of the simulator: every line of its journal is drawn where it belongs.
const at = id => document.getElementById(id)
const words = await (await fetch('/words')).json()
const told = (id, blanks = {}) => (words[id] ?? id).replace(/\{(\w+)\}/g, (_, name) => blanks[name] ?? '')
const PANES = { phone: '电话', wechat: '微信', sms: '短信' }
const KEYS = '123456789*0#'
let sid = null, after = 0, recognising = null, shown = false

async function act(what, fields) {
  const response = await fetch(`/do/${what}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(fields),
  })
  if (!response.ok) { state(told('no_answer')); throw new Error(`${what} ${response.status}`) }
  return response.json()
}

function put(list, text, kind = '', small = '') {
  const item = document.createElement('li')
  item.className = kind
  item.textContent = text
  if (small) item.append(Object.assign(document.createElement('small'), { textContent: small }))
  list.append(item)
  while (list.children.length > 400) list.firstChild.remove()
  list.scrollTop = list.scrollHeight
  return item
}

const state = text => { at('state').textContent = text }

// Speaking: what the hotline says is read aloud, and stops as soon as the caller answers.
const voice = window.speechSynthesis
function read(item, text) {
  if (!voice || !at('aloud').checked || !text) return
  const said = new SpeechSynthesisUtterance(text)
  said.lang = 'zh-CN'
  said.onstart = () => item.classList.add('speaking')
  said.onend = () => item.classList.remove('speaking')
  voice.speak(said)
}
const hush = () => voice?.cancel()

// Listening: the browser's own recognition where there is one.
const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition
at('mic').title = Recognition ? at('mic').title : told('speech_missing')
function listen() {
  if (!sid || !Recognition) return state(told('speech_missing'))
  if (recognising) return recognising.stop()
  hush()
  recognising = new Recognition()
  recognising.lang = 'zh-CN'
  recognising.onresult = event => say(event.results[0][0].transcript)
  recognising.onspeechstart = () => typing()
  recognising.onend = () => { recognising = null; at('mic').setAttribute('aria-pressed', 'false') }
  recognising.start()
  at('mic').setAttribute('aria-pressed', 'true')
  state(told('speech_on'))
}

function say(text) {
  if (!sid || !text.trim()) return
  hush()
  act('speak', { sid, act: 'say', value: text.trim() })
}
function press(value) {
  if (!sid) return
  hush()
  act('speak', { sid, act: 'press', value })
}
let typed = 0
function typing() {
  if (!sid || Date.now() - typed < 1500) return
  typed = Date.now()
  act('speak', { sid, act: 'typing' })
}

function connected(on) {
  at('dial').hidden = on
  at('hang').hidden = !on
  at('caller').disabled = on
  for (const one of at('say').querySelectorAll('input, button')) one.disabled = !on
  for (const one of at('keys').children) one.disabled = !on
  if (on) at('words').focus()
}

function ring(entry, isRoom) {
  const box = Object.assign(document.createElement('div'), { className: 'ring', id: `ring-${entry.data.ring}` })
  const id = entry.data.ring
  box.dataset.who = entry.text.replaceAll('client:', told('operator'))
  box.append(Object.assign(document.createElement('span'), { textContent: told(isRoom ? 'room' : 'rings', { who: box.dataset.who }) }))
  const end = Object.assign(document.createElement('button'), { textContent: told(isRoom ? 'hang_up' : 'refuse'), className: isRoom ? 'stop' : '' })
  end.onclick = () => act('ring', { ring: id, act: 'end' })
  if (!isRoom) {
    const answer = Object.assign(document.createElement('button'), { textContent: told('pick_up'), className: 'go' })
    answer.onclick = () => act('ring', { ring: id, act: 'answer' })
    box.append(answer)
  }
  box.append(end)
  at('rings').append(box)
}

function pickedUp(entry) {
  const box = at(`ring-${entry.data.ring}`)
  if (!box) return
  box.querySelector('.go')?.remove()
  box.querySelector('span').textContent = told('talks', { who: box.dataset.who })
  box.querySelector('button').textContent = told('hang_up')
  box.querySelector('button').className = 'stop'
  if (!sid) begin(entry.who)  // the house called: the page's telephone was picked up
}

function begin(call) {
  sid = call
  connected(true)
}

function over(entry) {
  if (entry.who !== sid) return
  sid = null
  hush()
  recognising?.stop()
  connected(false)
  state(told('ended'))
  put(at('talk'), told('ended'), 'note')
}

const phone = {
  dialled: entry => { if (!sid) begin(entry.who); put(at('talk'), entry.data.caller + ' → ' + entry.text, 'note') },
  say: entry => read(put(at('talk'), entry.text), entry.text),
  play: entry => put(at('talk'), entry.text, 'note'),
  citizen: entry => put(at('talk'), entry.text, 'me'),
  keys: entry => put(at('talk'), entry.text, 'me'),
  listening: entry => state(told(entry.text.includes('speech') ? 'listening_both' : 'listening_keys')),
  recording: () => state(told('recording')),
  queued: () => state(told('queued')),
  ringing: entry => { if (entry.who === sid) state(told('connecting')); ring(entry, false) },
  room: entry => ring(entry, true),
  picked_up: entry => { pickedUp(entry); state(told('picked_up')) },
  refused: entry => at(`ring-${entry.data.ring}`)?.remove(),
  unanswered: entry => { at(`ring-${entry.data.ring}`)?.remove(); put(at('talk'), told('unanswered'), 'note') },
  hung_up: entry => at(`ring-${entry.data.ring}`)?.remove(),
  ended: entry => { for (const box of [...at('rings').children]) box.remove(); over(entry) },
}

function wechat(entry) {
  const list = at('wechat-talk')
  if (entry.kind === 'citizen') put(list, entry.text, 'me')
  if (entry.kind === 'house') put(list, entry.text, '', told(entry.data.passive ? 'passive' : 'customer'))
  if (entry.kind === 'notice') put(list, entry.text, '', told('notice'))
  if (entry.kind === 'failed') put(list, told('failed_wechat'), 'note')
}

function sms(entry) {
  const mine = entry.kind === 'citizen'
  if (!mine && entry.kind !== 'house' && entry.kind !== 'undelivered') return
  put(at('sms-talk'), entry.text, mine ? 'me' : '', entry.who + (entry.kind === 'undelivered' ? ' ' + told('undelivered') : ''))
}

const LOGGED = new Set(['dialled', 'document', 'request', 'lost', 'unreachable', 'fallback', 'failed', 'ended', 'refused', 'ringing', 'recorded'])
const BAD = new Set(['lost', 'unreachable', 'fallback', 'failed'])
function log(entry) {
  if (!LOGGED.has(entry.kind)) return
  const item = document.createElement('li')
  const status = entry.data.status ?? ''
  item.className = BAD.has(entry.kind) || status >= 400 || entry.data.answered === false ? 'bad' : ''
  const path = text => text.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*/, '')
  const parts = [new Date(entry.at).toLocaleTimeString('zh-CN', { hour12: false }), PANES[entry.pane], told(`log.${entry.kind}`)]
  for (const part of parts) item.append(Object.assign(document.createElement('span'), { textContent: part }))
  item.append(entry.kind === 'document' ? folded(entry) : Object.assign(document.createElement('span'), {
    textContent: `${path(entry.text)} ${status}${entry.data.attempt ? ` ×${entry.data.attempt + 1}` : ''}`,
  }))
  at('log').append(item)
  while (at('log').children.length > 400) at('log').firstChild.remove()
  at('log').scrollTop = at('log').scrollHeight
}
function folded(entry) {
  const details = document.createElement('details')
  details.append(Object.assign(document.createElement('summary'), { textContent: entry.data.url.replace(/^https?:\/\/[^/]+/, '').replace(/\?.*/, '') }))
  details.append(Object.assign(document.createElement('pre'), { textContent: entry.text }))
  return details
}

function menu(buttons) {
  const box = at('menu')
  if (box.dataset.made === JSON.stringify(buttons)) return
  box.dataset.made = JSON.stringify(buttons)
  box.replaceChildren()
  for (const entry of buttons.flatMap(one => one.sub_button?.length ? one.sub_button : [one])) {
    const button = Object.assign(document.createElement('button'), { textContent: entry.name })
    button.onclick = () => entry.type === 'view' ? window.open(entry.url, '_blank', 'noopener') : act('event', { name: at('wechat-name').value, event: 'CLICK', key: entry.key })
    box.append(button)
  }
}

function shares(faults) {
  shown = true
  for (const input of at('faults').elements) if (input.name in faults) input.value = Math.round(faults[input.name] * 100)
}

async function follow() {
  try {
    const news = await (await fetch(`/log?after=${after}`)).json()
    for (const entry of news.entries) {
      after = entry.number
      if (entry.pane === 'phone') phone[entry.kind]?.(entry)
      if (entry.pane === 'wechat') wechat(entry)
      if (entry.pane === 'sms') sms(entry)
      log(entry)
    }
    menu(news.menu)
    if (!shown) shares(news.faults)
  } catch (error) {
    state(told('no_answer'))
    console.warn(error)
  }
  setTimeout(follow, 400)
}

for (const key of KEYS) {
  const button = Object.assign(document.createElement('button'), { type: 'button', textContent: key, disabled: true })
  button.onclick = () => press(key)
  at('keys').append(button)
}
at('dial').onclick = () => { at('talk').replaceChildren(); act('dial', { caller: at('caller').value.trim() }) }
at('hang').onclick = () => sid && act('speak', { sid, act: 'hang_up' })
at('mic').onclick = listen
at('words').oninput = typing
at('say').onsubmit = event => { event.preventDefault(); say(at('words').value); at('words').value = '' }
at('follow').onclick = () => act('event', { name: at('wechat-name').value, event: 'subscribe' })
at('wechat-say').onsubmit = event => {
  event.preventDefault()
  const input = event.target.querySelector('input')
  if (input.value.trim()) act('wechat', { name: at('wechat-name').value, text: input.value })
  input.value = ''
}
at('photo').onchange = async event => {
  const file = event.target.files[0]
  if (!file) return
  const data = new Uint8Array(await file.arrayBuffer())
  let text = ''
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192))
  await act('show', { name: at('wechat-name').value, type: file.type, data: btoa(text) })
  event.target.value = ''
}
at('sms-say').onsubmit = event => {
  event.preventDefault()
  const input = event.target.querySelector('input')
  if (input.value.trim()) act('sms', { phone: at('sms-phone').value.trim(), text: input.value })
  input.value = ''
}
at('faults').onsubmit = event => {
  event.preventDefault()
  const shares = [...new FormData(event.target)].map(([name, value]) => `${name}=${Number(value) / 100}`)
  act('faults', { faults: shares.join(',') })
}
state(told('idle'))
connected(false)
at('dial').focus()
follow()
