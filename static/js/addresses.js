/** Addresses of this server, wherever a proxy has put it: the page says what stands before every path. */

/** @param {string} path from the server's own root, beginning with a slash */
export const addressOf = (path) => (document.documentElement.dataset.root ?? "") + path;

/** @param {string} address as addressOf gives it, as the address of a WebSocket */
export const socketAddress = (address) =>
  `${location.protocol === "https:" ? "wss:" : "ws:"}//${location.host}${address}`;
