/* Requests of the judging page: a fresh CSRF token each time, a limit on waiting, fragments as documents. */

const TIMEOUT_MS = 20_000;
const MAX_KEEPALIVE = 15_000; /* browsers take 64 KiB; a character has up to four bytes */

function token() {
  const found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie);
  return found?.[1] ?? document.querySelector("input[name=csrfmiddlewaretoken]")?.value ?? "";
}

function request(url, method, body, type) {
  const headers = { "X-CSRFToken": token(), "HX-Request": "true" };
  if (type) headers["Content-Type"] = type;
  return fetch(url, {
    method,
    headers,
    body,
    keepalive: Boolean(body) && body.length < MAX_KEEPALIVE,
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

/** A call of the API with JSON; rejects where the server cannot be reached. */
export async function api(method, url, fields) {
  const response = await request(url, method, JSON.stringify(fields), "application/json");
  const reply = await response.json().catch(() => ({}));
  return { status: response.status, isOk: response.ok, reply };
}

async function asReply(response) {
  const html = await response.text();
  return {
    status: response.status,
    doc: new DOMParser().parseFromString(html, "text/html"),
    isSignedOut: response.status === 401 || response.headers.has("HX-Redirect"),
    wait: Number(response.headers.get("Retry-After")) || 0,
  };
}

/** Post form fields, `[[name, value], …]`, and get a fragment; status 0 where nothing came back. */
export async function post(url, fields) {
  try {
    const body = new URLSearchParams(fields).toString();
    return await asReply(await request(url, "POST", body, "application/x-www-form-urlencoded"));
  } catch {
    return { status: 0, doc: null, isSignedOut: false, wait: 0 };
  }
}

/** Get a fragment; status 0 where nothing came back. */
export async function get(url) {
  try {
    return await asReply(await request(url, "GET"));
  } catch {
    return { status: 0, doc: null, isSignedOut: false, wait: 0 };
  }
}
