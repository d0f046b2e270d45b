// The widget's window: a dialog with the talk's parts, and the button that opens it.
import { CAMERA, CROSS, h, icon } from '../dom.js'

const SPEECH = ['M4 5h16v11H9l-5 4z', 'M8 9h8', 'M8 12h5']
const FOCUSABLE = 'button, a[href], textarea, summary, [tabindex="0"]'
const ACCEPT = 'image/*,audio/*,video/*,.pdf,.doc,.docx,.xls,.xlsx,.txt,.amr,.heic'

export class Panel {
  constructor(view, options) {
    const word = (name) => view.word(name)
    Object.assign(this, { view, unread: 0 })
    this.badge = h('b', { class: 'badge', hidden: true, 'aria-hidden': 'true' })
    this.told = h('span', { class: 'sr', role: 'status' })
    this.opener = h('button', { class: 'opener', type: 'button', 'aria-haspopup': 'dialog', 'aria-expanded': 'false' }, icon(...SPEECH), h('span', {}, word('widget.open')), this.badge)
    this.big = h('button', { type: 'button', 'aria-pressed': 'false' })
    this.close = h('button', { type: 'button', class: 'close', 'aria-label': word('widget.close'), title: word('widget.close') }, icon(...CROSS))
    this.heading = h('h2', { id: 'title', tabindex: '-1' }, word('title'))
    this.parts = this.makeParts(word, options)
    this.box = this.makeBox(view, options)
    this.opener.addEventListener('click', () => this.toggle(this.box.hidden))
    this.close.addEventListener('click', () => this.toggle(false))
    this.box.addEventListener('keydown', (event) => this.keys(event))
  }

  makeParts(word, { greeting }) {
    const bar = (role) => h('div', { class: 'bar', role, hidden: true })
    const hello = h('div', { class: 'm bot' }, h('span', { class: 'who' }, word('author.bot')), h('p', { class: 'text' }, greeting || word('greeting')))
    const attach = h('button', { class: 'attach', type: 'button', 'aria-label': word('attach'), title: word('attach') }, icon(...CAMERA))
    const field = h('textarea', { rows: 1, maxlength: 2000, autocomplete: 'off', enterkeyhint: 'send', 'aria-label': word('field'), placeholder: word('placeholder') })
    const offline = bar('status')
    offline.textContent = word('offline')
    return {
      offline, owner: bar('status'), trouble: bar('alert'), attach, field,
      log: h('div', { class: 'log', role: 'log', 'aria-live': 'polite', 'aria-label': word('log'), tabindex: '0' }, hello),
      typing: h('div', { class: 'typing', role: 'status', hidden: true }),
      quick: h('div', { class: 'quick', role: 'group', 'aria-label': word('quick') }),
      tray: h('ul', { class: 'tray', 'aria-label': word('tray'), hidden: true }),
      files: h('input', { type: 'file', multiple: true, hidden: true, accept: ACCEPT }),
      form: h('form', {}, attach, field, h('button', { class: 'send' }, word('send'))),
    }
  }

  makeBox(view, { home }) {
    const { offline, owner, trouble, log, typing, quick, tray, files, form } = this.parts
    const notices = view.notices.length ? [h('div', { class: 'bar notices', tabindex: '0', role: 'note' }, ...view.notices.map((one) => h('p', {}, one)))] : []
    const page = h('a', { href: `${home}/t`, target: '_blank', rel: 'noopener' }, view.word('widget.progress'))
    const header = h('header', {}, this.heading, page, this.big, this.close)
    const props = { class: 'panel', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'title', hidden: true }
    return h('div', props, header, offline, owner, trouble, ...notices, log, typing, quick, tray, files, form)
  }

  get open() { return !this.box.hidden }

  toggle(open) {
    this.box.hidden = !open
    this.opener.hidden = open
    this.opener.setAttribute('aria-expanded', String(open))
    if (open) {
      this.count(0)
      this.opened()
      // On a touch screen the keyboard would cover half of what is there to read.
      if (matchMedia('(pointer: coarse)').matches) this.heading.focus()
      else this.parts.field.focus()
    } else this.opener.focus()
  }

  count(unread) {
    this.unread = unread
    this.badge.hidden = !unread
    this.badge.textContent = unread > 99 ? '99+' : String(unread)
    this.told.textContent = unread ? this.view.word('widget.unread', { count: unread }) : ''
    this.opener.setAttribute('aria-label', [this.view.word('widget.open'), this.told.textContent].filter(Boolean).join('，'))
  }

  // Esc closes; Tab goes round inside.
  keys(event) {
    if (event.key === 'Escape' && !event.isComposing) { event.stopPropagation(); this.toggle(false) }
    if (event.key !== 'Tab') return
    const stops = [...this.box.querySelectorAll(FOCUSABLE)].filter((one) => one.getClientRects().length)
    const edge = event.shiftKey ? stops[0] : stops[stops.length - 1]
    const at = this.box.getRootNode().activeElement
    if (at !== edge && !(event.shiftKey && at === this.heading)) return
    event.preventDefault()
    const next = event.shiftKey ? stops[stops.length - 1] : stops[0]
    next.focus()
  }

  large(on) {
    this.box.classList.toggle('elder', on)
    this.big.setAttribute('aria-pressed', String(on))
    this.big.textContent = this.view.word(on ? 'large_type.turn_off' : 'large_type.turn_on')
  }
}
