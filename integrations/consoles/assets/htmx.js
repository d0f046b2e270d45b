// htmx and its server-sent events, which look for each other on the window.
import htmx from 'htmx.org'

window.htmx = htmx
