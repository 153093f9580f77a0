/*
 * The only script there is, on pages where a passkey is used or made: it hands what the form says to the
 * browser's authenticator, and the answer to the form. Sentences stand in the page; this uncovers one.
 */
const form = document.querySelector("form[data-passkey]");
const button = form.querySelector("button.approve");
const options = JSON.parse(form.dataset.options);
const loadedAt = performance.now();

function tell(problem) {
  for (const paragraph of document.querySelectorAll("[data-told]")) {
    paragraph.hidden = paragraph.dataset.told !== problem;
  }
}

function toBytes(text) {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function toText(bytes) {
  const characters = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join("");
  return btoa(characters).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const withBytes = (credential) => ({ ...credential, id: toBytes(credential.id) });

async function sign(signal) {
  const publicKey = { ...options, challenge: toBytes(options.challenge) };
  const { id, response } = await navigator.credentials.get({ publicKey, signal });
  return {
    id,
    response: {
      clientDataJSON: toText(response.clientDataJSON),
      authenticatorData: toText(response.authenticatorData),
      signature: toText(response.signature),
      ...(response.userHandle ? { userHandle: toText(response.userHandle) } : {}),
    },
  };
}

async function make(signal) {
  // Who says their address on this page has it in their list of passkeys.
  const name = form.elements.email?.value || options.user.name;
  const publicKey = {
    ...options,
    challenge: toBytes(options.challenge),
    user: { ...withBytes(options.user), name, displayName: name },
    excludeCredentials: options.excludeCredentials.map(withBytes),
  };
  const { id, response } = await navigator.credentials.create({ publicKey, signal });
  return {
    id,
    response: {
      clientDataJSON: toText(response.clientDataJSON),
      attestationObject: toText(response.attestationObject),
    },
  };
}

const problems = { NotAllowedError: "cancelled", InvalidStateError: "known", TimeoutError: "late" };

async function answer() {
  const left = options.timeout - (performance.now() - loadedAt);
  if (left <= 0) return tell("late");
  tell(undefined);
  button.disabled = true;
  try {
    const signal = AbortSignal.timeout(left);
    const { id, response } = await (form.dataset.passkey === "get" ? sign(signal) : make(signal));
    form.elements.answer.value = JSON.stringify({ id, rawId: id, type: "public-key", response });
    form.submit();
  } catch (error) {
    tell(problems[error.name] ?? "failed");
    button.disabled = false;
  }
}

if (window.PublicKeyCredential === undefined || navigator.credentials === undefined) {
  tell("unsupported");
} else {
  button.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    answer();
  });
  // A page that comes back from the browser's memory has been answered.
  window.addEventListener("pageshow", ({ persisted }) => persisted && location.reload());
}
