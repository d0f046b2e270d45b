// Draws messages. Every word comes from the page's templates or the server, and goes in as text, never as HTML.
const words = document.querySelector('#words')
const labels = JSON.parse(document.querySelector('#labels').textContent)

function copy(id) { return document.querySelector(`#${id}`).content.firstElementChild.cloneNode(true) }

export function word(name) { return words.querySelector(`[data-word="${name}"]`).textContent }

export function bubble(message, pending) {
  const author = ['citizen', 'bot', 'operator', 'system'].includes(message.author) ? message.author : 'system'
  const box = copy('bubble')
  box.classList.add(author)
  box.querySelector('.who').textContent = word(author)
  box.querySelector('.text').textContent = message.text
  mark(box, pending)
  if (message.attachments?.length) box.append(files(message.attachments))
  if (message.reply) extras(box, message.reply)
  return box
}

// Photos as their thumbnails, everything else by name; a tap saves the file.
function files(list) {
  const box = copy('files')
  for (const one of list) {
    const link = copy('shown')
    const picture = link.querySelector('img')
    link.href = `/chat/attachments/${encodeURIComponent(one.id)}`
    link.setAttribute('aria-label', one.name)
    if (one.thumbnail) { picture.src = `${link.getAttribute('href')}/thumbnail`; picture.alt = one.name } else picture.remove()
    link.querySelector('.name').textContent = one.thumbnail ? '' : one.name
    box.append(link)
  }
  return box
}

export function mark(box, state) {
  box.classList.toggle('pending', Boolean(state))
  const line = box.querySelector('.state')
  line.hidden = !state
  line.textContent = state ? word(state) : ''
}

function extras(box, reply) {
  if (/^[0-9]{3,12}$/.test(reply.emergency ?? '')) {
    const call = copy('call')
    call.href = `tel:${reply.emergency}`
    call.querySelector('b').textContent = reply.emergency
    box.append(call)
  }
  if (reply.ticket_no) {
    const line = copy('ticket')
    line.querySelector('b').textContent = reply.ticket_no
    line.querySelector('a').href = `/t?number=${encodeURIComponent(reply.ticket_no)}`
    box.append(line)
  }
  if (reply.sources?.length) box.append(sources(reply.sources))
}

function sources(list) {
  const box = copy('sources')
  box.querySelector('.count').textContent = String(list.length)
  for (const source of list) {
    const line = copy('source')
    line.querySelector('.title').textContent = source.title || source.item
    line.querySelector('.element').textContent = labels.elements[source.element] ?? ''
    line.querySelector('.cites').textContent = source.cites ?? ''
    line.querySelector('.reviewed').textContent = source.reviewed ?? ''
    line.querySelector('.overdue').hidden = !source.overdue
    box.querySelector('ul').append(line)
  }
  return box
}

export function choices(box, list, pick) {
  box.replaceChildren(...list.map((choice) => {
    const button = document.createElement('button')
    button.type = 'button'
    button.textContent = choice.label
    button.addEventListener('click', () => pick(choice.says))
    return button
  }))
}
