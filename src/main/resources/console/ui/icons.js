// The icons, drawn on a grid of 24 with the colour of the text around them. They say nothing that a text does not say too.
import { html } from '../view.js';

const PATHS = {
  overview: 'M4 13h6V4H4zM14 20h6v-9h-6zM4 20h6v-3H4zM14 7h6V4h-6z',
  playground: 'M5 5h14v10H9l-4 4zM9 9h6M9 12h4',
  channels: 'M4 7h5l6 10h5M4 17h5l1.5-2.5M13.5 9.5 15 7h5M17 4l3 3-3 3M17 14l3 3-3 3',
  tokens: 'M14.5 9.5a4 4 0 1 0-2.8 3.8L14 15.5h2.5V18H19v2.5h2.5V17l-7.2-6.4M8.6 9.4h.1',
  calls: 'M4 6h16M4 12h16M4 18h10',
  usage: 'M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6',
  users: 'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2.5 20a6.5 6.5 0 0 1 13 0M16 4.5a3.5 3.5 0 0 1 0 6.5M18 14.5a6.5 6.5 0 0 1 3.5 5.5',
  groups: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z',
  prices: 'M4 12V4h8l8 8-8 8zM8.5 8.5h.1',
  codes: 'M3 8h18v3a2 2 0 0 0 0 4v3H3v-3a2 2 0 0 0 0-4zM14 8v10',
  balance: 'M3 7h16a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2H3zM3 7V5h14v2M16.5 13.5h.1',
  access: 'M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3',
  audit: 'M6 3h9l4 4v14H6zM9 12h7M9 16h7M9 8h3',
  books: 'M12 4v16M5 20h14M4 8h16M4 8l-2 6h5zM20 8l-2.5 6h5z',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 9.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5zM9 19.5a2.5 2.5 0 1 0 0-5 2.5 2.5 0 0 0 0 5z',
  profile: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21a8 8 0 0 1 16 0',
  menu: 'M4 6h16M4 12h16M4 18h16',
  close: 'M6 6l12 12M18 6 6 18',
  add: 'M12 5v14M5 12h14',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
  edit: 'M4 20h4L19 9l-4-4L4 16z',
  remove: 'M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13',
  test: 'M4 12h4l3-8 4 16 3-8h2',
  power: 'M12 3v9M7 6.5a7.5 7.5 0 1 0 10 0',
  check: 'M5 12.5 10 17 19 7',
  warn: 'M12 4 2.5 20h19zM12 10v4M12 17h.1',
  download: 'M12 4v11M7 10.5l5 5 5-5M5 20h14',
  refresh: 'M20 11a8 8 0 1 0-1.5 6M20 5v6h-6',
  send: 'M4 12 20 4l-6 16-3-7z',
  stop: 'M7 7h10v10H7z',
  image: 'M4 5h16v14H4zM4 16l5-5 4 4 3-3 4 4M15 9h.1',
  code: 'M9 7l-5 5 5 5M15 7l5 5-5 5',
  out: 'M10 4H5v16h5M9 12h11M16 8l4 4-4 4',
  credit: 'M12 3v18M16.5 7.5c-1-1.3-2.6-2-4.5-2-2.5 0-4.5 1.2-4.5 3.2 0 4.4 9.3 2.2 9.3 6.6 0 2-2.1 3.2-4.8 3.2-2.1 0-4-.8-5-2.2',
  more: 'M6 12h.1M12 12h.1M18 12h.1',
};

export function Icon({ name }) {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d=${PATHS[name]} />
  </svg>`;
}
