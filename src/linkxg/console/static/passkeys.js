"use strict";
// Passkeys, which browsers give to scripts alone (WebAuthn Level 3 §5.1). No other page needs a script.
// A form with data-passkey has a hidden field (`credential`, or data-passkey-field); its button with data-passkey-button fills it in and submits.
(() => {
  if (!window.PublicKeyCredential) return;
  // A challenge lives five minutes. A page that is left open asks for new ones only so often.
  const RENEW_MS = 240000, MOST_RENEWALS = 15;
  const CANCELLED = "No passkey was used. Try again, or choose another way.";

  const toBytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const descriptors = (list) => (list ?? []).map((one) => ({ ...one, id: toBytes(one.id) }));

  const readOptions = (options) => ({
    ...options,
    challenge: toBytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: toBytes(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: descriptors(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: descriptors(options.allowCredentials) }),
  });

  const writeCredential = ({ id, type, response }) => {
    const written = { clientDataJSON: toText(response.clientDataJSON) };
    if (response.attestationObject) {
      written.attestationObject = toText(response.attestationObject);
      written.transports = response.getTransports?.() ?? [];
    } else {
      written.authenticatorData = toText(response.authenticatorData);
      written.signature = toText(response.signature);
      if (response.userHandle?.byteLength) written.userHandle = toText(response.userHandle);
    }
    return JSON.stringify({ id, rawId: id, type, response: written });
  };

  const warn = (form, text) => {
    const place = form.querySelector("[data-passkey-error]");
    place.textContent = text;
    place.hidden = !text;
  };
  const explain = (error) => {
    if (error.name === "InvalidStateError") return "This device already has a passkey for you.";
    if (error.name === "SecurityError") return "Your browser does not use passkeys for this address.";
    return error.name === "NotAllowedError" || error.name === "AbortError" ? CANCELLED : `It did not work: ${error.message}`;
  };

  const submit = (form, credential) => {
    form.elements[form.dataset.passkeyField ?? "credential"].value = writeCredential(credential);
    // Fields of the other way to sign in are not required then.
    form.noValidate = true;
    form.requestSubmit();
  };

  const fetchOptions = async () => {
    const answer = await fetch("/api/v1/auth/passkey/options", { method: "POST" });
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error_description);
    return body.data.publicKey;
  };

  // Passkeys are offered in the list of the e-mail field, as long as no button asks for one.
  let waiting = null, renewals = 0, renewing;
  const stop = () => { waiting?.abort(); waiting = null; clearTimeout(renewing); };
  const offer = async (form) => {
    if (!(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    stop();
    const current = waiting = new AbortController();
    try {
      const publicKey = readOptions(await fetchOptions());
      if (current.signal.aborted) return;
      renewing = setTimeout(() => renew(form), RENEW_MS);
      const credential = await navigator.credentials.get({ publicKey, mediation: "conditional", signal: current.signal });
      if (credential && !current.signal.aborted) submit(form, credential);
    } catch { /* Aborted, or not offered: the button remains. */ }
  };
  const renew = (form) => {
    if (renewals++ >= MOST_RENEWALS) { stop(); return; }
    if (document.hidden) document.addEventListener("visibilitychange", () => offer(form), { once: true });
    else offer(form);
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    const { passkey: kind, options } = form.dataset;
    const button = form.querySelector("[data-passkey-button]");
    button.hidden = false;
    for (const instead of form.querySelectorAll("[data-without-passkeys]")) instead.hidden = true;
    button.addEventListener("click", async () => {
      stop();
      warn(form, "");
      if (kind === "create" && !form.reportValidity()) return;
      button.disabled = true;
      try {
        const publicKey = readOptions(options ? JSON.parse(options) : await fetchOptions());
        const credential = await navigator.credentials[kind === "create" ? "create" : "get"]({ publicKey });
        submit(form, credential);
      } catch (error) {
        warn(form, explain(error));
      } finally {
        button.disabled = false;
      }
    });
    if (kind === "sign-in") offer(form);
  }
})();
