// Files for the next message: chosen, dropped or pasted; each is uploaded at once and waits in the tray until it is sent.
import { CROSS, h, icon } from './dom.js'
import { newId } from './outbox.js'

const MOST = 9
const LARGEST = 50 * 1024 * 1024
const TIMEOUT = 180_000

export class Tray {
  // `zone` takes what is dropped or pasted on it; `headers()` are what every upload carries.
  constructor({ box, input, zone, view, headers = () => ({}), say, changed }) {
    Object.assign(this, { box, input, view, headers, say, changed, files: new Map() })
    const shade = (on) => box.parentNode.classList.toggle('dropping', on)
    input.addEventListener('change', () => { this.take(input.files); input.value = '' })
    zone.addEventListener('paste', (event) => this.take(event.clipboardData?.files, event))
    zone.addEventListener('dragover', (event) => { if (hasFiles(event)) { event.preventDefault(); shade(true) } })
    zone.addEventListener('dragleave', (event) => { if (!event.relatedTarget) shade(false) })
    zone.addEventListener('drop', (event) => { shade(false); if (hasFiles(event)) this.take(event.dataTransfer.files, event) })
  }

  get busy() { return [...this.files.values()].some((one) => one.request) }

  take(list, event) {
    if (!list?.length) return
    event?.preventDefault()
    for (const file of list) {
      if (this.files.size >= MOST) { this.say(this.view.word('file.most')); break }
      this.upload(file)
    }
  }

  upload(file) {
    const id = newId()
    const name = h('span', { class: 'name' }, file.name || this.view.word('file.one'))
    const bar = h('progress', { max: 100, value: 0, 'aria-label': this.view.word('file.uploading') })
    const state = h('span', { class: 'state', role: 'status' })
    const close = h('button', { type: 'button', 'aria-label': this.view.word('file.drop'), onclick: () => this.drop(id) }, icon(...CROSS))
    const one = { line: h('li', {}, name, bar, state, close), name, bar, state, told: null, request: null }
    this.files.set(id, one)
    this.box.append(one.line)
    if (file.size > LARGEST) this.fail(one, this.view.word('file.large'))
    else if (!file.size) this.fail(one, this.view.word('file.empty'))
    else this.send(id, one, file)
    this.show()
  }

  send(id, one, file) {
    const form = new FormData()
    form.append('id', id)
    form.append('file', file)
    const request = one.request = new XMLHttpRequest()
    request.open('POST', `${this.view.home}/chat/attachments`)
    const headers = { Accept: 'application/json', ...this.headers() }
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value)
    request.timeout = TIMEOUT
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return
      const percent = Math.floor(event.loaded / event.total * 100)
      one.bar.value = percent
      one.state.textContent = percent < 100 ? `${this.view.word('file.uploading')} ${percent}%` : this.view.word('file.checking')
    }
    request.onload = () => {
      one.request = null
      const told = parse(request.responseText)
      if (request.status === 201 && told) this.done(one, told)
      else this.fail(one, told?.detail || this.view.word('file.failed'))
    }
    request.onerror = request.ontimeout = () => { one.request = null; this.fail(one, this.view.word('file.failed')) }
    one.state.textContent = this.view.word('file.uploading')
    request.send(form)
  }

  done(one, told) {
    one.told = told
    one.line.classList.add('done')
    one.bar.hidden = true
    one.name.textContent = told.name
    one.state.textContent = this.view.word('file.uploaded')
    this.changed()
  }

  fail(one, words) {
    one.line.classList.add('bad')
    one.bar.hidden = true
    one.state.textContent = words
    this.changed()
  }

  drop(id) {
    const one = this.files.get(id)
    one.request?.abort()
    one.line.remove()
    this.files.delete(id)
    this.show()
  }

  // What can be sent now; it leaves the tray, and so does what failed.
  empty() {
    const ready = [...this.files.values()].filter((one) => one.told).map((one) => one.told)
    for (const id of [...this.files.keys()]) this.drop(id)
    return ready
  }

  show() { this.box.hidden = !this.files.size; this.changed() }
}

function hasFiles(event) { return [...event.dataTransfer?.types ?? []].includes('Files') }

function parse(text) { try { return JSON.parse(text) } catch { return null } }
