// Files for the next message: chosen, dropped or pasted; each is uploaded at once and waits in the tray until it is sent.
import { newId } from './outbox.js'
import { word } from './view.js'

const MOST = 9
const LARGEST = 50 * 1024 * 1024
const TIMEOUT = 180_000

export class Tray {
  constructor(box, input, changed) {
    Object.assign(this, { box, input, changed, files: new Map() })
    input.addEventListener('change', () => { this.take(input.files); input.value = '' })
    addEventListener('paste', (event) => this.take(event.clipboardData?.files, event))
    addEventListener('dragover', (event) => { if (hasFiles(event)) { event.preventDefault(); document.body.classList.add('dropping') } })
    addEventListener('dragleave', (event) => { if (!event.relatedTarget) document.body.classList.remove('dropping') })
    addEventListener('drop', (event) => { document.body.classList.remove('dropping'); if (hasFiles(event)) this.take(event.dataTransfer.files, event) })
  }

  get busy() { return [...this.files.values()].some((one) => one.request) }

  take(list, event) {
    if (!list?.length) return
    event?.preventDefault()
    for (const file of list) {
      if (this.files.size >= MOST) { this.say(word('files-most')); break }
      this.upload(file)
    }
  }

  upload(file) {
    const id = newId()
    const line = document.querySelector('#file').content.firstElementChild.cloneNode(true)
    const one = { line, told: null, request: null }
    this.files.set(id, one)
    line.querySelector('.name').textContent = file.name || word('file')
    line.querySelector('button').addEventListener('click', () => this.drop(id))
    this.box.append(line)
    if (file.size > LARGEST) this.fail(one, word('file-large'))
    else if (!file.size) this.fail(one, word('file-empty'))
    else this.send(id, one, file)
    this.show()
  }

  send(id, one, file) {
    const form = new FormData()
    form.append('id', id)
    form.append('file', file)
    const request = one.request = new XMLHttpRequest()
    request.open('POST', '/chat/attachments')
    request.setRequestHeader('Accept', 'application/json')
    request.timeout = TIMEOUT
    request.upload.onprogress = (event) => {
      if (!event.lengthComputable) return
      const percent = Math.floor(event.loaded / event.total * 100)
      one.line.querySelector('progress').value = percent
      one.line.querySelector('.state').textContent = percent < 100 ? `${word('uploading')} ${percent}%` : word('checking')
    }
    request.onload = () => {
      one.request = null
      const told = read(request.responseText)
      if (request.status === 201 && told) this.done(one, told)
      else this.fail(one, told?.detail || word('upload-failed'))
    }
    request.onerror = request.ontimeout = () => { one.request = null; this.fail(one, word('upload-failed')) }
    one.line.querySelector('.state').textContent = word('uploading')
    request.send(form)
  }

  done(one, told) {
    one.told = told
    one.line.classList.add('done')
    one.line.querySelector('progress').hidden = true
    one.line.querySelector('.name').textContent = told.name
    one.line.querySelector('.state').textContent = word('uploaded')
    this.changed()
  }

  fail(one, words) {
    one.line.classList.add('bad')
    one.line.querySelector('progress').hidden = true
    one.line.querySelector('.state').textContent = words
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

  say(words) {
    const box = document.querySelector('#trouble')
    box.textContent = words
    box.hidden = false
    setTimeout(() => { box.hidden = true }, 8000)
  }

  show() { this.box.hidden = !this.files.size; this.changed() }
}

function hasFiles(event) { return [...event.dataTransfer?.types ?? []].includes('Files') }

function read(text) { try { return JSON.parse(text) } catch { return null } }
