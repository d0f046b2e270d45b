// Draws messages, on the page and in the widget alike. Every word comes from the server and goes in as text.
import { h } from './dom.js'
import { canRead, read } from './reader.js'

const AUTHORS = ['citizen', 'bot', 'operator', 'system']

export class View {
  constructor(setup, { home = '', file, slowly }) { Object.assign(this, { ...setup, home, file, slowly }) }

  word(name, blanks = {}) {
    return (this.words[name] ?? '').replace(/\{(\w+)\}/g, (_all, blank) => blanks[blank] ?? '')
  }

  bubble(message, state) {
    const author = AUTHORS.includes(message.author) ? message.author : 'system'
    const box = h('div', { class: `m ${author}` },
      h('span', { class: 'who' }, this.word(`author.${author}`)),
      h('p', { class: 'text' }, message.text),
      h('span', { class: 'state', hidden: true }))
    this.mark(box, state)
    if (message.attachments?.length) box.append(h('div', { class: 'files' }, ...message.attachments.map((one) => this.file(one))))
    if (message.reply) box.append(...this.extras(message.reply))
    if (canRead && (author === 'bot' || author === 'operator')) box.append(this.reader(message.text))
    return box
  }

  mark(box, state) {
    const line = box.querySelector('.state')
    box.classList.toggle('pending', Boolean(state))
    line.hidden = !state
    line.textContent = state ? this.word(`state.${state}`) : ''
  }

  extras(reply) {
    const more = []
    if (/^[0-9]{3,12}$/.test(reply.emergency ?? '')) {
      more.push(h('a', { class: 'call', href: `tel:${reply.emergency}` }, this.word('call', { number: reply.emergency })))
    }
    if (reply.ticket_no) {
      const page = `${this.home}/t?number=${encodeURIComponent(reply.ticket_no)}`
      more.push(h('div', { class: 'ticket' }, `${this.word('ticket')} `, h('b', {}, reply.ticket_no), '，', this.link(page, 'ticket_link')))
    }
    if (reply.sources?.length) {
      const summary = h('summary', {}, this.word('sources', { count: reply.sources.length }))
      more.push(h('details', {}, summary, h('ul', {}, ...reply.sources.map((one) => this.source(one)))))
    }
    return more
  }

  // Links leave a foreign page in a window of their own.
  link(href, name) {
    return h('a', { href, ...(this.home ? { target: '_blank', rel: 'noopener' } : {}) }, this.word(name))
  }

  source(one) {
    const told = `《${one.title || one.item}》${this.elements[one.element] ?? ''}；${one.cites ?? ''} `
    const late = one.overdue ? h('b', { class: 'overdue' }, ` ${this.word('overdue')}`) : null
    return h('li', {}, told, h('span', {}, this.word('cites', { reviewed: one.reviewed ?? '' })), late)
  }

  reader(text) {
    const button = h('button', { class: 'read', type: 'button', 'aria-pressed': 'false' }, this.word('read'))
    button.addEventListener('click', () => read(text, this.slowly(), (reading, failed) => {
      button.setAttribute('aria-pressed', String(reading))
      button.textContent = this.word(reading ? 'read_stop' : failed ? 'read_failed' : 'read')
    }))
    return button
  }

  // Under an answer: did it help? The words it says are the ones the bot knows (解决了 / 没解决).
  thumbs(pick) {
    const [solved, unsolved] = this.verdicts
    const box = h('div', { class: 'thumbs', role: 'group', 'aria-label': this.word('helped') })
    for (const [sign, name, says] of [['👍', 'helpful', solved], ['👎', 'helpless', unsolved]]) {
      const shown = h('span', { 'aria-hidden': 'true' }, `${sign} `)
      box.append(h('button', { type: 'button', onclick: () => { box.remove(); pick(says) } }, shown, this.word(name)))
    }
    return box
  }

  choices(box, list, pick) {
    box.replaceChildren(...list.map((one) => h('button', { type: 'button', onclick: () => pick(one.says) }, one.label)))
  }
}
