// The key that a server may ask for: it comes in the page's address, as #key=sk_live_…, and stays in this tab.

const NAME = "visavis-key";

/** Take the key out of the address, where it would be seen, shared and remembered. */
function take() {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("key");
  if (given === null) return;
  sessionStorage.setItem(NAME, given);
  fragment.delete("key");
  const rest = fragment.toString();
  history.replaceState(history.state, "", `${location.pathname}${location.search}${rest ? `#${rest}` : ""}`);
}

const key = () => sessionStorage.getItem(NAME) ?? "";

/** The headers of a request that can have any. */
export const keyed = () => (key() ? { Authorization: `Bearer ${key()}` } : {});

/** The address of what the browser fetches by itself: pictures, event streams, sockets. */
export function withKey(path) {
  if (!key()) return path;
  return `${path}${path.includes("?") ? "&" : "?"}access_token=${encodeURIComponent(key())}`;
}

take();
addEventListener("hashchange", () => {
  const before = key();
  take();
  if (key() !== before) location.reload();
});
